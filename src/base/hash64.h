// A fast 64-bit hash for lanes and tables inside the process. Seeded, so that a stranger cannot choose collisions.
// Not for anything that leaves the process.
#pragma once

#include <cstdint>
#include <string_view>

namespace user_events::base {

/// Equal text and seed give equal values on one machine. About 1 ns per 16 bytes.
[[nodiscard]] std::uint64_t hash64(std::string_view text, std::uint64_t seed) noexcept;

}  // namespace user_events::base
