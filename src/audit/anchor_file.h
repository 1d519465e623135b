// The file that checkpoints are published to: a line each, for somebody to take off the host.
#pragma once

#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::audit {

/// Appends `line` and a line break, durably. The file is made if it is missing, readable for everybody: a checkpoint holds no secret. Error io.
[[nodiscard]] Result<void> append_line(const std::string& path, std::string_view line);

}  // namespace user_events::audit
