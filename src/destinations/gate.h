// Whether a target takes anything now: closed after a failure that is not one event's, opened again by a probe, with growing pauses.
#pragma once

#include <chrono>
#include <cstdint>

#include "user_events/options.h"

namespace user_events::destinations {

/// Not thread-safe.
class Gate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Gate(const RetryOptions& retry) : retry_(retry) {}

  [[nodiscard]] bool is_open() const noexcept { return state_ == State::open; }
  [[nodiscard]] bool probe_is_due(Time now) const noexcept { return state_ == State::closed && now >= until_; }
  /// When the pause ends; only while it is closed and no probe is under way.
  [[nodiscard]] bool is_pausing() const noexcept { return state_ == State::closed; }
  [[nodiscard]] Time until() const noexcept { return until_; }

  /// Closed for a pause with jitter, at most `longest`, at least `least`. A gate that is closed already stays as it is, so that many
  /// requests that fail together count once.
  void close(Time now, std::chrono::milliseconds longest, std::chrono::milliseconds least = {});
  /// Closed, and the first probe is due at once.
  void close_at_start(Time now) noexcept;
  void probe_started() noexcept { state_ = State::probing; }
  void probe_failed(Time now, std::chrono::milliseconds longest, std::chrono::milliseconds least = {});
  void open() noexcept { state_ = State::open; }
  /// A message was accepted: the next pause is a short one again.
  void reset() noexcept { failures_ = 0; }

 private:
  enum class State : std::uint8_t { open, closed, probing };
  State state_ = State::open;
  const RetryOptions& retry_;
  std::uint32_t failures_ = 0;
  Time until_{};
};

}  // namespace user_events::destinations
