// Who runs the command, for the record of what was ordered.
#pragma once

#include <string>

namespace user_events::cli {

/// `,"by":"…"`: the name of the process's user; empty if it has none.
[[nodiscard]] std::string requester_member();

}  // namespace user_events::cli
