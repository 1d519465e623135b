// A token bucket without a lock: the generic cell rate algorithm (ITU-T I.371), which keeps one point in time instead of a count.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace user_events::access {

/// So many in each second; a second's worth may come at once (at least one).
struct Rate {
  double per_second = 0;
};
/// `1000/s`, `60/m`, `10/h`: a whole number from 1 to 10,000,000. Nothing if it is no rate.
[[nodiscard]] std::optional<Rate> parse_rate(std::string_view text) noexcept;

/// Thread-safe, about 20 ns.
class RateLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  explicit RateLimit(Rate rate) noexcept;

  /// Takes one. If there is none: how long to wait for it, and nothing is taken.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> take(TimePoint now) noexcept;
  /// Takes what is only known afterwards; later ones wait for it.
  void charge(std::uint64_t count, TimePoint now) noexcept;
  /// `take` would give one.
  [[nodiscard]] bool has_room(TimePoint now) const noexcept;

 private:
  /// More than this is never owed: a huge batch delays, it does not lock out.
  static constexpr std::chrono::nanoseconds kMostDebt = std::chrono::seconds(60);

  const std::int64_t interval_ns_, burst_ns_;
  std::atomic<std::int64_t> next_ns_{0};  // when the bucket is full again
};

}  // namespace user_events::access
