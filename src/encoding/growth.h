// How much larger data becomes: what is far below a limit need not be looked at closely.
#pragma once

#include <algorithm>
#include <cstdint>

namespace user_events::encoding {

/// n bytes become at most n × factor + bytes. A chain of them is at most kNoBound, which is more than any limit.
struct Growth {
  std::uint64_t factor = 1, bytes = 0;
};
inline constexpr std::uint64_t kNoBound = std::uint64_t{1} << 31;

[[nodiscard]] constexpr Growth followed_by(const Growth& first, const Growth& then) noexcept {
  return {std::min(first.factor * then.factor, kNoBound), std::min(std::min(first.bytes * then.factor, kNoBound) + then.bytes, kNoBound)};
}

/// Of one way or another.
[[nodiscard]] constexpr Growth wider(const Growth& a, const Growth& b) noexcept { return {std::max(a.factor, b.factor), std::max(a.bytes, b.bytes)}; }

}  // namespace user_events::encoding
