// schema lint: a catalogue folder and the rules for names and annotations.
#include <filesystem>

#include "base/try.h"
#include "casts/casts.h"
#include "cli/schema_files.h"
#include "cli/schema_read.h"
#include "compatibility/lint.h"

namespace user_events::cli {
namespace {

using compatibility::Finding;

// A report's place is the file that the message begins with, if it does.
Finding not_loaded(const std::string& folder, const Error& error) {
  constexpr std::string_view kName = ".json";
  const std::size_t end = error.message.starts_with(folder) ? error.message.find(std::string(kName) + ": ") : std::string::npos;
  const bool is_of_file = end != std::string::npos;
  const bool has_place = is_of_file && !error.fields.empty();
  return {compatibility::Severity::error,
          compatibility::Breaks::nobody,
          "lint-load",
          is_of_file ? error.message.substr(0, end + kName.size()) : folder,
          has_place ? error.fields.front().pointer : std::string(),
          has_place ? error.fields.front().detail : error.message};
}

Result<std::vector<Finding>> findings_of(const std::string& folder) {
  catalogue::Catalogue own;
  if (const auto loaded = own.load_directory(folder); !loaded)
    return std::vector{not_loaded(folder, loaded.error())};
  const auto files = files_of(own, folder);
  if (files.empty())
    return std::vector<Finding>{{compatibility::Severity::error, compatibility::Breaks::nobody, "lint-empty",
                                 folder, "", "there is no TYPE/VERSION.json"}};
  UE_TRY_ASSIGN(const auto builtin, catalogue::Catalogue::builtin());
  UE_TRY_ASSIGN(auto findings, compatibility::lint(files, files_of(builtin, "built-in")));
  // A folder that holds the built-in types itself, as this project's, stands alone.
  const auto both = catalogue::Catalogue::with(folder);
  for (Finding& finding : casts::check(both ? *both : own)) {
    finding.file = (std::filesystem::path(folder) / finding.file).string();
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

Result<void> schema_lint(const SchemaFileArguments& arguments) {
  std::error_code error;
  if (!std::filesystem::is_directory(arguments.folder, error))
    return fail(ErrorKind::usage, "file-unreadable", arguments.folder + " is no folder",
                "give the catalogue folder, which holds TYPE/VERSION.json");
  UE_TRY_ASSIGN(const auto findings, findings_of(arguments.folder));
  return write_report(arguments.json ? "json" : std::string_view(arguments.format), arguments.folder,
                      "breaks rules for event types", findings);
}

}  // namespace user_events::cli
