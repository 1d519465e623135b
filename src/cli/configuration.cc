// config show, and the file that serve reads.
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

Result<std::string> data_dir_of(const std::string& given) {
  if (!given.empty()) return given;
  UE_TRY_ASSIGN(Configuration configuration, load_configuration({}));
  return std::move(configuration.loaded.options.data_dir);
}

Error directory_error(Error error, std::string_view verb) {
  if (error.code == "data-directory-in-use") error.hint = fmt::format("stop its daemon, or {} a copy of the directory", verb);
  return error;
}

std::string place_of(const Configuration& configuration, std::string_view key) {
  const auto line = configuration.loaded.line_of(key);
  return line == 0 ? std::string(key) : fmt::format("{}:{}: {}", configuration.file, line, key);
}

Result<void> check_listen(const HttpOptions& options, std::string_view place) {
  auto listen = server::parse_listen(options);
  if (listen) return {};
  Error error = std::move(listen).error();
  const auto colon = error.message.find("\": ");  // behind the address
  error.message = fmt::format(
      "{}{}", place, colon == std::string::npos ? " is no address" : error.message.substr(colon + 1));
  return std::unexpected(std::move(error));
}

Result<void> config_show(const ConfigArguments& arguments) {
  UE_TRY_ASSIGN(const Configuration configuration, load_configuration(arguments));
  if (arguments.json) return write_result(config::show_json(configuration.loaded) + "\n");
  const std::string head = configuration.file.empty()
                               ? "# defaults: there is no user-events.toml here\n"
                               : fmt::format("# {}, with defaults\n", printable(configuration.file));
  return write_result(head + config::show(configuration.loaded));
}

}  // namespace user_events::cli
