// The configuration that a command works with.
#pragma once

#include <string>
#include <string_view>

#include "cli/commands.h"
#include "config/config.h"

namespace user_events::cli {

struct Configuration {
  config::Loaded loaded;
  std::string file;  ///< Empty: there is none, these are the defaults.
};

/// The named file; without a name `user-events.toml` of the working directory, if there is one. Error
/// `usage`.
[[nodiscard]] Result<Configuration> load_configuration(const ConfigArguments& arguments);

/// `--data-dir`, or without it the configuration's.
[[nodiscard]] Result<std::string> data_dir_of(const std::string& given);

/// The error of a command that opens a data directory; with a hint, if its daemon runs: to stop it, or to `verb` a copy.
[[nodiscard]] Error directory_error(Error error, std::string_view verb);

/// Where a key was set: `FILE:LINE: KEY`, or the key alone.
[[nodiscard]] std::string place_of(const Configuration& configuration, std::string_view key);

/// Whether the daemon may listen there. Error `usage` begins with `place`, where the address comes from.
[[nodiscard]] Result<void> check_listen(const HttpOptions& options, std::string_view place);

}  // namespace user_events::cli
