// Ranges of sequences as stored bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "user_events/error.h"

namespace user_events::state {

/// Half-open, ascending, apart.
using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// As LEB128 steps: gap, length, gap, length, …, from `start` on, which is not above the first.
[[nodiscard]] std::string pack(std::uint64_t start, const Ranges& ranges);
/// Error damaged.
[[nodiscard]] Result<Ranges> unpack(std::uint64_t start, std::string_view bytes);

}  // namespace user_events::state
