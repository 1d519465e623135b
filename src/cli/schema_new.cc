// schema new: the file of a new event type, or of a type's next version.
#include <fmt/format.h>

#include <filesystem>

#include "base/try.h"
#include "catalogue/event_type.h"
#include "cli/new_file.h"
#include "cli/output.h"
#include "cli/schema_files.h"
#include "cli/schema_read.h"
#include "compatibility/lint.h"
#include "compatibility/scaffold.h"

namespace user_events::cli {
namespace {

/// What there is of the type already.
struct Known {
  catalogue::Catalogue folder, builtin;
  const catalogue::EventType* newest = nullptr;
};

Result<Known> known_of(const SchemaFileArguments& arguments) {
  Known known;
  UE_TRY_ASSIGN(known.builtin, catalogue::Catalogue::builtin());
  std::error_code error;
  if (std::filesystem::exists(arguments.dir, error)) UE_TRY(known.folder.load_directory(arguments.dir));
  known.newest = known.folder.find(arguments.type);
  const auto* builtin = known.builtin.find(arguments.type);
  if (known.newest == nullptr || (builtin != nullptr && builtin->version > known.newest->version))
    known.newest = builtin;
  return known;
}

Result<std::string> text_of(const SchemaFileArguments& arguments, const Known& known, std::uint32_t version) {
  if (known.newest == nullptr) return compatibility::first_version(arguments.type, version);
  return compatibility::next_version(known.newest->schema_text, arguments.type, known.newest->version,
                                     version);
}

Result<void> check_name(const std::string& type) {
  if (!catalogue::is_type_name(type))
    return fail(ErrorKind::usage, "type-name", "TYPE is no name of an event type",
                "two or more segments of a-z, 0-9, _ and -, joined by dots, each beginning with a letter: "
                "user.rated");
  if (compatibility::says_what_happened(type)) return {};
  return fail(ErrorKind::usage, "type-name", fmt::format("{} does not say what happened", type),
              std::string(compatibility::rule("lint-type-name").advice));
}

std::vector<std::string> next_steps(const SchemaFileArguments& arguments, const Known& known,
                                    const std::string& path, std::uint32_t version) {
  std::vector<std::string> lines = {"Next:", "  edit " + path, "  user-events schema lint " + arguments.dir};
  if (known.newest != nullptr && known.folder.find(arguments.type) == known.newest)
    lines.push_back(fmt::format("  user-events schema check {} {}",
                                path_of(arguments.dir, arguments.type, known.newest->version), path));
  lines.push_back(fmt::format("  set catalogue_dir = \"{}\" in the configuration and start the daemon again",
                              arguments.dir));
  lines.push_back(fmt::format("  user-events schema show {} --version {}", arguments.type, version));
  return lines;
}

}  // namespace

Result<void> schema_new(const SchemaFileArguments& arguments) {
  UE_TRY(check_name(arguments.type));
  UE_TRY_ASSIGN(const Known known, known_of(arguments));
  const std::uint32_t next = known.newest == nullptr ? 1 : known.newest->version + 1;
  const std::uint32_t version = arguments.version == 0 ? next : arguments.version;
  if (version != next)
    return fail(ErrorKind::usage, "version",
                fmt::format("the next version of {} is {}, not {}", arguments.type, next, version),
                "leave out --version");
  UE_TRY_ASSIGN(const std::string text, text_of(arguments, known, version));
  const std::string path = path_of(arguments.dir, arguments.type, version);
  UE_TRY(catalogue::make_event_type(path, arguments.type, version, text));
  UE_TRY(write_new_file(path, text));
  for (const auto& line : next_steps(arguments, known, path, version)) message(printable(line));
  return write_result(printable(path) + "\n");
}

}  // namespace user_events::cli
