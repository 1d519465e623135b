// config check, config show, and the file that serve reads.
#include "cli/configuration.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/try.h"
#include "cli/output.h"
#include "server/guard.h"

namespace user_events::cli {
namespace {

constexpr const char* kDefaultFile = "user-events.toml";

}  // namespace

Result<Configuration> load_configuration(const ConfigArguments& arguments) {
  Configuration out;
  out.file = arguments.file;
  if (std::error_code error; out.file.empty() && std::filesystem::exists(kDefaultFile, error))
    out.file = kDefaultFile;
  if (!out.file.empty()) {
    UE_TRY_ASSIGN(out.loaded, config::load_file(out.file));
  }
  return out;
}

Result<void> config_check(const ConfigArguments& arguments) {
  UE_TRY_ASSIGN(const Configuration configuration, load_configuration(arguments));
  UE_TRY(server::parse_listen(configuration.loaded.options.http.listen));
  const auto count = configuration.loaded.options.destinations.size();
  return write_result(fmt::format(
      "{}: no errors, {} destination{}\n",
      configuration.file.empty() ? "defaults (there is no user-events.toml here)" : configuration.file, count,
      count == 1 ? "" : "s"));
}

Result<void> config_show(const ConfigArguments& arguments) {
  UE_TRY_ASSIGN(const Configuration configuration, load_configuration(arguments));
  const std::string head = configuration.file.empty()
                               ? "# defaults: there is no user-events.toml here\n"
                               : fmt::format("# {}, with defaults\n", printable(configuration.file));
  return write_result(head + config::show(configuration.loaded));
}

}  // namespace user_events::cli
