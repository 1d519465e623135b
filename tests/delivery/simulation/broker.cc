#include "simulation/broker.h"

#include <algorithm>
#include <optional>

namespace user_events::delivery::simulation {

using std::chrono::milliseconds;

bool Broker::send(std::uint64_t sequence, std::uint64_t key) {
  if (reconciling_ || (faults_ && dice_.chance(8))) return false;
  key_of_[sequence] = key;
  // The adapter keeps its promise: while a failure of this key is not collected, nothing of the key goes out.
  flight_.push_back({sequence, key, options_.pipeline && blocked_[key] > 0});
  return true;
}

void Broker::persist(std::uint64_t sequence) {
  log_.push_back(sequence);
  ++copies_[sequence];
}

void Broker::report(std::uint64_t sequence, std::uint64_t key, Outcome outcome, Time now) {
  const auto late = faults_ && dice_.chance(10) ? dice_.below(400) : dice_.below(8);
  reports_.push_back({sequence, outcome, now + milliseconds(late), false});
  if (outcome != Outcome::accepted) ++blocked_[key];
  if (outcome == Outcome::in_doubt) ++doubts_[sequence];
  if (outcome == Outcome::in_doubt || outcome == Outcome::retry) ++answers_[sequence];
  // The same acknowledgement once more, soon or when everybody has forgotten it.
  if (faults_ && outcome == Outcome::accepted && dice_.chance(5))
    reports_.push_back({sequence, outcome, now + milliseconds(dice_.below(2'000)), false});
}

/// Which one the broker turns to: the oldest of a partition where order matters, else any.
std::size_t Broker::pick() {
  if (!options_.pipeline) return dice_.below(flight_.size());
  const std::uint64_t partition = dice_.below(options_.partitions);
  for (std::size_t i = 0; i < flight_.size(); ++i)
    if (flight_[i].key % options_.partitions == partition) return i;
  return 0;
}

void Broker::progress(Time now) {
  if (!limbo_.empty() && dice_.chance(20)) {
    persist(limbo_.back());
    limbo_.pop_back();
  }
  if (flight_.empty() || reconciling_) return;
  if (faults_ && options_.reconciles && dice_.chance(2)) return rebuild(now);
  settle(pick(), now);
}

void Broker::settle(std::size_t at, Time now) {
  const Sent one = flight_[at];
  flight_.erase(flight_.begin() + static_cast<std::ptrdiff_t>(at));
  if (one.doomed) return report(one.sequence, one.key, Outcome::unavailable, now);
  // Now and then the broker is away for long: everything fails, again and again.
  if (faults_ && outage_ == 0 && dice_.chance(1)) outage_ = dice_.between(10, 120);
  if (outage_ > 0) {
    --outage_;
    report(one.sequence, one.key, dice_.chance(85) ? Outcome::unavailable : Outcome::in_doubt, now);
    return fail_key(one.key, false, now);
  }
  if (const auto poison = poison_.find(one.sequence); poison != poison_.end()) {
    constexpr Outcome kOutcomes[] = {Outcome::refused, Outcome::retry, Outcome::in_doubt};
    report(one.sequence, one.key, kOutcomes[static_cast<std::size_t>(poison->second)], now);
    return fail_key(one.key, false, now);
  }
  const std::uint64_t fate = faults_ ? dice_.below(100) : 99;
  if (fate < 8) {
    report(one.sequence, one.key, Outcome::retry, now);
    return fail_key(one.key, false, now);
  }
  if (fate < 16) {
    if (options_.reconciles) {
      flight_.push_front(one);
      return rebuild(now);
    }
    const bool arrived = dice_.chance(50);
    if (arrived) persist(one.sequence);
    if (!arrived && !options_.pipeline && dice_.chance(30)) limbo_.push_back(one.sequence);
    report(one.sequence, one.key, Outcome::in_doubt, now);
    return fail_key(one.key, arrived, now);
  }
  persist(one.sequence);
  report(one.sequence, one.key, Outcome::accepted, now);
}

/// What was sent behind a failed event of a key fails too; some of it may have arrived if the failed one did.
void Broker::fail_key(std::uint64_t key, bool later_may_persist, Time now) {
  if (!options_.pipeline) return;
  std::deque<Sent> left;
  for (const Sent& one : flight_) {
    if (one.key != key) {
      left.push_back(one);
      continue;
    }
    later_may_persist = later_may_persist && !poison_.contains(one.sequence) && dice_.chance(60);
    if (later_may_persist) persist(one.sequence);
    report(one.sequence, key, later_may_persist ? Outcome::in_doubt : Outcome::unavailable, now);
  }
  flight_ = std::move(left);
}

/// Of each partition the first few arrive, the rest does not.
void Broker::persist_some_in_flight(bool as_reported, Time now) {
  std::map<std::uint64_t, bool> stopped;
  for (const Sent& one : flight_) {
    bool& gone = stopped[options_.pipeline ? one.key % options_.partitions : one.sequence];
    gone = gone || poison_.contains(one.sequence) || one.doomed || dice_.chance(40);
    if (!gone) persist(one.sequence);
    if (as_reported) report(one.sequence, one.key, dice_.chance(70) || !gone ? Outcome::in_doubt : Outcome::unavailable, now);
  }
  flight_.clear();
}

/// A fatal error: the producer is closed, a new one is opened, and finds out what the broker has.
void Broker::rebuild(Time now) {
  persist_some_in_flight(true, now);
  // Acknowledgements on their way are lost with the old producer.
  for (Report& one : reports_)
    if (one.outcome == Outcome::accepted && one.sequence > low_water_ && dice_.chance(50)) one.outcome = Outcome::in_doubt;
  reconciling_ = true;
  found_reported_ = false;
}

std::vector<Broker::Report> Broker::collect(Time now) {
  std::vector<Report> due;
  std::erase_if(reports_, [&](const Report& one) {
    if (one.due > now) return false;
    due.push_back(one);
    return true;
  });
  for (const Report& one : due)
    if (one.outcome != Outcome::accepted && !one.found)
      if (auto& count = blocked_[key_of_[one.sequence]]; count > 0) --count;
  if (!reconciling_ || !reports_.empty()) return due;
  // Old failures are all collected: now what was found, then business as usual.
  if (found_reported_) {
    reconciling_ = false;
  } else {
    found_reported_ = true;
    for (const auto& [sequence, count] : copies_)
      if (sequence > low_water_) reports_.push_back({sequence, Outcome::accepted, now + milliseconds(dice_.below(20)), true});
    std::ranges::sort(reports_, {}, &Report::due);
  }
  return due;
}

void Broker::crash() {
  persist_some_in_flight(false, {});
  reports_.clear();
  blocked_.clear();
}

void Broker::start(Time now, std::uint64_t low_water, bool skip_reconciliation) {
  low_water_ = low_water;
  reconciling_ = options_.reconciles && !skip_reconciliation;
  found_reported_ = false;
  (void)now;
}

}  // namespace user_events::delivery::simulation
