#include "delivery/retry.h"

#include <algorithm>
#include <cmath>

namespace user_events::delivery {
namespace {

constexpr std::chrono::nanoseconds kShortestBackoff = std::chrono::milliseconds(1);
constexpr std::chrono::nanoseconds kNever{-1};

}  // namespace

std::uint64_t Random::next() noexcept {
  std::uint64_t z = (state_ += 0x9e37'79b9'7f4a'7c15u);
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9u;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebu;
  return z ^ (z >> 31);
}

std::chrono::nanoseconds backoff(const RetryOptions& options, std::uint32_t failures, Random& random) {
  // Full jitter, so that many failed events do not come back at once.
  const double bound = std::min(static_cast<double>(std::chrono::nanoseconds(options.max).count()),
                                static_cast<double>(std::chrono::nanoseconds(options.initial).count()) *
                                    std::pow(options.factor, static_cast<double>(std::max(failures, 1u) - 1)));
  const double part = static_cast<double>(random.next() >> 11) * 0x1.0p-53;
  return std::max(kShortestBackoff, std::chrono::nanoseconds(static_cast<std::int64_t>(bound * part)));
}

std::uint64_t Circuit::sent() noexcept {
  ++clock_;
  if (open_) probe_ = clock_;
  return clock_;
}

void Circuit::unsent(std::uint64_t sent_at) noexcept {
  if (probe_ == sent_at) probe_ = 0;
}

void Circuit::accepted(Time now) noexcept {
  last_accepted_ = ++clock_;
  lost_in_a_row_ = 0;
  if (!open_) return;
  open_ = false;
  probe_ = 0;
  failures_ = 0;
  up_since_ = now;
}

void Circuit::stop_counting(Time now) noexcept {
  if (is_up()) up_before_ += now - up_since_;
}

void Circuit::open(Time now) {
  stop_counting(now);
  open_ = true;
  probe_failed(1, now);
}

void Circuit::probe_failed(std::uint32_t failures, Time now) {
  failures_ = failures;
  probe_ = 0;
  probe_at_ = now + backoff(options_, failures_, random_);
}

void Circuit::answered(std::uint64_t sent_at, Time now) {
  lost_in_a_row_ = 0;
  // Somebody is there, so the wait does not grow; but only an acceptance shows that it works.
  if (open_ && sent_at == probe_) probe_failed(1, now);
}

bool Circuit::unavailable(std::uint64_t sent_at, Time now) {
  if (accepted_since(sent_at)) return false;
  if (!open_)
    open(now);
  else if (sent_at == probe_)
    probe_failed(failures_ + 1, now);
  return true;
}

void Circuit::lost(std::uint64_t sent_at, Time now) {
  if (accepted_since(sent_at)) return;
  if (open_) {
    if (sent_at == probe_) probe_failed(failures_ + 1, now);
    return;
  }
  // One lost connection takes everything under way with it: what was sent before the last loss belongs to that one.
  if (sent_at > last_lost_) {
    last_lost_ = ++clock_;
    if (++lost_in_a_row_ >= kLostInARow) open(now);
  }
}

void Circuit::set_reachable(bool reachable, Time now) noexcept {
  if (reachable == reachable_) return;
  stop_counting(now);
  reachable_ = reachable;
  up_since_ = now;
}

std::optional<Time> Circuit::next_probe() const noexcept {
  if (!open_ || probe_ != 0) return std::nullopt;
  return probe_at_;
}

std::optional<Cause> Judge::exhausted(const Tries& tries, Time now) const {
  if (options_.attempts != 0 && tries.counted >= options_.attempts) return Cause::attempts;
  if (options_.deadline.count() != 0 && circuit_.is_up() && circuit_.up_time(now) - tries.first_failure >= options_.deadline) return Cause::deadline;
  return std::nullopt;
}

Verdict Judge::failed(Tries& tries, Outcome outcome, Time now) {
  if (tries.first_failure.count() < 0) tries.first_failure = circuit_.up_time(now);
  ++tries.failures;
  tries.postponed_since = kNever;
  tries.in_doubt = outcome == Outcome::in_doubt;
  if (outcome == Outcome::unavailable && circuit_.unavailable(tries.sent_at, now)) {
    --tries.failures;
    return {};
  }
  if (outcome == Outcome::in_doubt) circuit_.lost(tries.sent_at, now);
  if (outcome == Outcome::retry || outcome == Outcome::refused) {
    circuit_.answered(tries.sent_at, now);
    ++tries.counted;
  }
  if (outcome == Outcome::refused) return {Cause::refused};
  if (outcome == Outcome::retry)
    if (const auto cause = exhausted(tries, now)) return {cause};
  return {std::nullopt, backoff(options_, tries.failures, random_)};
}

std::chrono::nanoseconds Judge::postponed(Tries& tries, Time now) {
  if (tries.postponed_since < std::chrono::nanoseconds(0)) tries.postponed_since = circuit_.up_time(now);
  return backoff(options_, ++tries.failures, random_);
}

Verdict Judge::unencodable(Tries& tries, Time now) const noexcept {
  if (tries.first_failure.count() < 0) tries.first_failure = circuit_.up_time(now);
  ++tries.failures;
  tries.postponed_since = kNever;
  return {Cause::refused};
}

std::optional<Cause> Judge::before_next(Tries& tries, Time now) {
  // Decided this late, because what shows that the destination works may come after the attempt was lost: another user's event.
  if (tries.in_doubt && circuit_.accepted_since(tries.sent_at)) {
    tries.in_doubt = false;
    ++tries.counted;
  }
  return tries.first_failure.count() < 0 ? std::nullopt : exhausted(tries, now);
}

}  // namespace user_events::delivery
