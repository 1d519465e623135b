#include "access/rate_limit.h"

#include <algorithm>
#include <charconv>

namespace user_events::access {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;
constexpr std::uint32_t kMaxRate = 10'000'000;

std::int64_t nanoseconds(RateLimit::TimePoint time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

std::optional<Rate> parse_rate(std::string_view text) noexcept {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count == 0 || count > kMaxRate) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit == "/s") return Rate{static_cast<double>(count)};
  if (unit == "/m") return Rate{count / 60.0};
  if (unit == "/h") return Rate{count / 3'600.0};
  return std::nullopt;
}

RateLimit::RateLimit(Rate rate) noexcept
    : interval_ns_(std::max<std::int64_t>(1, static_cast<std::int64_t>(kNanosecondsPerSecond / rate.per_second))),
      burst_ns_(std::max<std::int64_t>(interval_ns_, static_cast<std::int64_t>(kNanosecondsPerSecond))) {}

std::optional<std::chrono::nanoseconds> RateLimit::take(TimePoint now) noexcept {
  const auto at = nanoseconds(now);
  auto next = next_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const auto after = std::max(next, at) + interval_ns_;
    if (after - at > burst_ns_) return std::chrono::nanoseconds(after - at - burst_ns_);
    if (next_ns_.compare_exchange_weak(next, after, std::memory_order_relaxed)) return std::nullopt;
  }
}

void RateLimit::charge(std::uint64_t count, TimePoint now) noexcept {
  const auto at = nanoseconds(now);
  const auto cost = static_cast<std::int64_t>(std::min(static_cast<double>(count) * static_cast<double>(interval_ns_), 1e18));
  auto next = next_ns_.load(std::memory_order_relaxed);
  std::int64_t after = 0;
  do {
    after = std::max(next, std::min(std::max(next, at) + cost, at + burst_ns_ + kMostDebt.count()));
  } while (!next_ns_.compare_exchange_weak(next, after, std::memory_order_relaxed));
}

bool RateLimit::has_room(TimePoint now) const noexcept {
  const auto at = nanoseconds(now);
  return std::max(next_ns_.load(std::memory_order_relaxed), at) + interval_ns_ - at <= burst_ns_;
}

}  // namespace user_events::access
