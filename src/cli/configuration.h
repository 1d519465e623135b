// The configuration that a command works with.
#pragma once

#include <string>

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

}  // namespace user_events::cli
