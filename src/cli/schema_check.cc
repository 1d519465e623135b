// schema check: versions of one schema, or a catalogue folder beside an older state of itself.
#include <fmt/format.h>

#include "base/try.h"
#include "casts/check_versions.h"
#include "cli/schema_files.h"
#include "cli/schema_read.h"
#include "compatibility/compatibility.h"

namespace user_events::cli {
namespace {

using compatibility::Format;

Result<Format> format_of(const SchemaFileArguments& arguments) {
  if (const auto given = compatibility::parse_format(arguments.schema_type)) return *given;
  std::optional<Format> format;
  for (const auto& file : arguments.files) {
    const auto each = compatibility::format_of_file(file);
    if (!each || (format && *format != *each))
      return fail(ErrorKind::usage, "schema-type-unknown",
                  each ? fmt::format("{} is of another schema type than the files before", file)
                       : fmt::format("the name of {} does not say its schema type", file),
                  "files end in .json, .avsc or .proto, all in the same; or give --schema-type");
    format = each;
  }
  return *format;
}

Result<void> check_files(const SchemaFileArguments& arguments, compatibility::Mode mode,
                         std::string_view report) {
  UE_TRY_ASSIGN(const Format format, format_of(arguments));
  std::vector<std::string> texts;
  std::vector<compatibility::Document> versions;
  for (const auto& file : arguments.files) {
    UE_TRY_ASSIGN(std::string text, read_schema_file(file));
    texts.push_back(std::move(text));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) versions.push_back({arguments.files[i], texts[i]});
  UE_TRY_ASSIGN(const auto findings, format == Format::json ? casts::check_versions(mode, versions)
                                                            : compatibility::check(format, mode, versions));
  return write_report(report, arguments.files.back(), fmt::format("is not {} compatible", arguments.mode),
                      findings);
}

Result<void> check_folder(const SchemaFileArguments& arguments, compatibility::Mode mode,
                          std::string_view report) {
  if (arguments.files.size() != 1)
    return fail(ErrorKind::usage, "usage", "--against compares one catalogue folder with another",
                "user-events schema check DIR --against OLDDIR");
  catalogue::Catalogue newer, older;
  UE_TRY(newer.load_directory(arguments.files.front()));
  UE_TRY(older.load_directory(arguments.against));
  UE_TRY_ASSIGN(const auto findings,
                compatibility::check_catalogue(mode, files_of(older, arguments.against),
                                               files_of(newer, arguments.files.front()), casts::check_versions));
  return write_report(report, arguments.files.front(),
                      fmt::format("is not {} compatible with {}", arguments.mode, arguments.against),
                      findings);
}

}  // namespace

Result<void> schema_check(const SchemaFileArguments& arguments) {
  const auto mode = compatibility::parse_mode(arguments.mode);
  if (!mode) return fail(ErrorKind::usage, "usage", arguments.mode + " is no mode");
  const std::string_view report = arguments.json ? "json" : std::string_view(arguments.format);
  if (arguments.against_registry) return schema_check_registry(arguments);
  if (!arguments.against.empty()) return check_folder(arguments, *mode, report);
  if (arguments.files.size() < 2)
    return fail(ErrorKind::usage, "usage", "at least two versions are needed, the newest last",
                "user-events schema check OLD NEW, or DIR --against OLDDIR");
  return check_files(arguments, *mode, report);
}

}  // namespace user_events::cli
