// Pauses before something is tried again that is no event: connecting, probing.
#pragma once

#include <algorithm>
#include <chrono>

#include "ports/random.h"

namespace user_events::destinations {

/// Between half of `time` and all of it, so that many clients do not come back at once.
[[nodiscard]] inline std::chrono::milliseconds with_jitter(std::chrono::milliseconds time) {
  const auto half = static_cast<std::uint64_t>(time.count() / 2);
  return std::chrono::milliseconds(half + ports::system_random().next_u64() % (half + 1));
}

/// Exponential, with jitter, without end. Not thread-safe.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest) : first_(first), longest_(longest), pause_(first) {}
  [[nodiscard]] std::chrono::milliseconds next() {
    const auto pause = pause_;
    pause_ = std::min(pause_ * 2, longest_);
    return with_jitter(pause);
  }
  void reset() noexcept { pause_ = first_; }

 private:
  std::chrono::milliseconds first_, longest_, pause_;
};

}  // namespace user_events::destinations
