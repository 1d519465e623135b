// Protobuf rules that need to know which version is older. Private to the room.
#pragma once

#include <vector>

#include "compatibility/compatibility.h"

namespace user_events::compatibility {

/// Numbers and names that `older` reserves and `newer` uses (errors), and those that `newer` gave up without
/// reserving them (warnings).
[[nodiscard]] Result<std::vector<Finding>> check_reserved(const Document& older, const Document& newer);

}  // namespace user_events::compatibility
