// A clock that stands still until it is moved.
#pragma once

#include <atomic>

#include "ports/clock.h"

namespace user_events::test {

/// Thread-safe.
class TestClock final : public ports::Clock {
 public:
  explicit TestClock(std::int64_t unix_ms = 1'795'510'800'000) : unix_ms_(unix_ms) {}
  [[nodiscard]] ports::WallTime wall() const noexcept override {
    return ports::WallTime(std::chrono::milliseconds(unix_ms_.load()));
  }
  [[nodiscard]] ports::SteadyTime steady() const noexcept override {
    return ports::SteadyTime(std::chrono::milliseconds(steady_ms_.load()));
  }
  /// Both clocks go on.
  void advance(std::chrono::milliseconds by) {
    unix_ms_ += by.count();
    steady_ms_ += by.count();
  }
  /// Somebody sets the wall clock.
  void set_wall(std::int64_t unix_ms) { unix_ms_ = unix_ms; }
  [[nodiscard]] std::int64_t unix_ms() const { return unix_ms_.load(); }

 private:
  std::atomic<std::int64_t> unix_ms_;
  std::atomic<std::int64_t> steady_ms_{1'000'000};
};

}  // namespace user_events::test
