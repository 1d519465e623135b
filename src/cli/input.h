// What a command reads whole.
#pragma once

#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::cli {

/// A file, or with `-` standard input. Error usage, begins with `name`, the switch: it is a folder, cannot be read, or is larger.
[[nodiscard]] Result<std::string> read_input(const std::string& path, std::size_t most_bytes, std::string_view name);

}  // namespace user_events::cli
