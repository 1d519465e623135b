// When an event is tried again and when it is given up: the circuit breaker of a destination, and the judge of one event's failures.
// Without clock and threads: callers hand in the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "destinations/destination.h"

namespace user_events::delivery {

using Time = std::chrono::steady_clock::time_point;
using destinations::Outcome;

/// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept;

 private:
  std::uint64_t state_;
};

/// Exponential with full jitter: anything between 1 ms and min(max, initial × factor^(failures − 1)).
[[nodiscard]] std::chrono::nanoseconds backoff(const RetryOptions& options, std::uint32_t failures, Random& random);

/// The destination as a whole. Closed: everything may be sent. Open, after it answered `unavailable` or kLostInARow connections were lost one
/// after the other with nothing accepted in between: one event at a time probes it, with an exponential back-off, until one is accepted.
/// A logical clock that ticks with each send and each acceptance tells whether the destination accepted something since an attempt was sent.
class Circuit {
 public:
  static constexpr std::uint32_t kLostInARow = 3;

  explicit Circuit(const RetryOptions& options, std::uint64_t seed = 1) : options_(options), random_(seed) {}

  [[nodiscard]] bool may_send(Time now) const noexcept { return !open_ || (probe_ == 0 && now >= probe_at_); }
  /// The attempt's time on the logical clock; belongs to the functions below.
  [[nodiscard]] std::uint64_t sent() noexcept;
  /// The destination was busy after all.
  void unsent(std::uint64_t sent_at) noexcept;
  void accepted(Time now) noexcept;
  /// It answered about this event, but did not accept it.
  void answered(std::uint64_t sent_at, Time now);
  /// It takes nothing. False: it has accepted something since that attempt was sent, so it is the event's own trouble.
  bool unavailable(std::uint64_t sent_at, Time now);
  /// The outcome is in doubt. Says nothing of the destination if it has accepted something since.
  void lost(std::uint64_t sent_at, Time now);
  [[nodiscard]] bool accepted_since(std::uint64_t sent_at) const noexcept { return last_accepted_ > sent_at; }

  /// What its adapter says of itself: while it is not connected nothing counts.
  void set_reachable(bool reachable, Time now) noexcept;
  [[nodiscard]] bool is_up() const noexcept { return reachable_ && !open_; }
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  [[nodiscard]] bool is_reachable() const noexcept { return reachable_; }
  /// How long it was up, in all.
  [[nodiscard]] std::chrono::nanoseconds up_time(Time now) const noexcept { return up_before_ + (is_up() ? now - up_since_ : Time::duration(0)); }
  [[nodiscard]] std::optional<Time> next_probe() const noexcept;

 private:
  void open(Time now);
  void probe_failed(std::uint32_t failures, Time now);
  void stop_counting(Time now) noexcept;

  RetryOptions options_;
  Random random_;
  std::uint64_t clock_ = 0, last_accepted_ = 0, last_lost_ = 0;
  std::uint32_t lost_in_a_row_ = 0, failures_ = 0;
  bool open_ = false, reachable_ = true;
  std::uint64_t probe_ = 0;  // the probe that is under way; 0: none
  Time probe_at_{};
  Time up_since_{};
  std::chrono::nanoseconds up_before_{0};
};

/// The failures of one event.
struct Tries {
  std::uint32_t counted = 0;       ///< Attempts that count.
  std::uint32_t failures = 0;      ///< All of them: the exponent of the back-off.
  std::uint64_t sent_at = 0;       ///< Of the last attempt.
  bool in_doubt = false;           ///< That one may have arrived; whether it counts is decided before the next.
  std::chrono::nanoseconds postponed_since{-1};  ///< Circuit::up_time when it could first not be encoded; below 0: it could, the last time.
  std::chrono::nanoseconds first_failure{-1};  ///< Circuit::up_time at the first one.
};

enum class Cause : std::uint8_t { refused, attempts, deadline };

/// What follows from a failed attempt.
struct Verdict {
  std::optional<Cause> give_up;
  std::chrono::nanoseconds wait{0};  ///< 0: no back-off of its own; the circuit's decides.
};

class Judge {
 public:
  Judge(const RetryOptions& options, Circuit& circuit, std::uint64_t seed) : options_(options), circuit_(circuit), random_(seed) {}
  /// `outcome` is not `accepted`. Tells the circuit, too.
  [[nodiscard]] Verdict failed(Tries& tries, Outcome outcome, Time now);
  /// It could not be encoded yet: its own back-off. Counts for nothing, and says nothing of the destination.
  [[nodiscard]] std::chrono::nanoseconds postponed(Tries& tries, Time now);
  /// It can never be encoded. Says nothing of the destination either.
  [[nodiscard]] Verdict unencodable(Tries& tries, Time now) const noexcept;
  /// Before an event that has failed is sent again: whether it is rather given up.
  [[nodiscard]] std::optional<Cause> before_next(Tries& tries, Time now);

 private:
  [[nodiscard]] std::optional<Cause> exhausted(const Tries& tries, Time now) const;
  RetryOptions options_;
  Circuit& circuit_;
  Random random_;
};

}  // namespace user_events::delivery
