#include "whole/wire.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace user_events::delivery::whole {

using destinations::HealthState;
using destinations::SendStatus;

class WireDestination final : public destinations::Destination {
 public:
  explicit WireDestination(Wire& wire) : wire_(wire) {}
  const destinations::Features& features() const noexcept override { return wire_.options_.features; }
  Result<void> start(std::string_view resume, std::string_view, std::uint64_t low_water) override {
    wire_.start(resume, low_water);
    return {};
  }
  SendStatus send(const destinations::Message& message) override {
    wire_.fate_.maybe_die();
    Content content;
    content.sequence = message.position.sequence;
    content.id = message.envelope.id;
    content.type = message.envelope.type;
    content.key = message.envelope.partition_key;
    content.data = message.envelope.data;
    content.target = message.target;
    content.replay = message.position.replay;
    content.folded = message.position.folded;
    content.copy = message.dead_letter != nullptr;
    if (content.copy) content.cause_destination = message.dead_letter->destination;
    content.letter = wire_.is_letter(content.sequence);
    if (wire_.fate_.defect == Defect::fold_counted_twice && content.folded > 1) ++content.folded;
    if (wire_.fate_.defect == Defect::fold_undercounted && content.folded > 1) --content.folded;
    return wire_.send(std::move(content));
  }
  void poll(std::vector<destinations::Report>& out, std::chrono::milliseconds timeout) override {
    wire_.fate_.maybe_die();
    const auto before = out.size();
    for (std::uint64_t i = wire_.fate_.dice.below(6); i > 0; --i) wire_.progress();
    wire_.collect(out);
    if (out.size() != before || timeout.count() == 0) return;
    // Time passes: to the end of the sleep where nothing is under way, else until the broker stirs.
    const auto longest = wire_.is_idle() ? timeout : std::min(timeout, std::chrono::milliseconds(wire_.fate_.dice.between(1, 25)));
    wire_.clock_.advance(longest);
    wire_.collect(out);
  }
  std::string resume_state() const override { return wire_.options_.features.reconciles ? std::to_string(wire_.resume_at()) : std::string(); }
  bool reconciled() const noexcept override { return !wire_.reconciling_; }
  void wake() noexcept override {}
  destinations::Health health() const override {
    if (wire_.is_dead()) return {HealthState::down, "away", {}};
    return {wire_.reconciling_ ? HealthState::reconciling : HealthState::up, {}, {}};
  }
  void close(std::chrono::milliseconds) override {
    for (int i = 0; i < 20; ++i) wire_.progress();
    wire_.persist_some_in_flight(true);
    for (auto& one : wire_.reports_) one.due_ms = 0;
    wire_.closed_ = true;
  }

 private:
  Wire& wire_;
};

std::unique_ptr<destinations::Destination> Wire::connect() { return std::make_unique<WireDestination>(*this); }

std::set<std::uint64_t> Wire::poisoned() const {
  std::set<std::uint64_t> all;
  for (const auto& [sequence, how] : poison_) all.insert(sequence);
  return all;
}

void Wire::heal(unsigned percent) {
  std::erase_if(poison_, [&](const auto&) { return fate_.dice.chance(percent); });
}

void Wire::start(std::string_view resume, std::uint64_t low_water) {
  resume_ = 0;
  std::from_chars(resume.data(), resume.data() + resume.size(), resume_);
  low_water_ = low_water;
  reconciling_ = options_.features.reconciles;
  found_reported_ = closed_ = false;
}

/// From where a later reconciliation must read: the first that was not reported.
std::size_t Wire::resume_at() const {
  std::size_t at = resume_;
  while (at < log_.size() && log_[at].reported) ++at;
  return reconciling_ ? resume_ : at;
}

std::uint64_t Wire::partition_of(const Content& content) const { return base::hash64(content.key, 7) % options_.partitions; }

SendStatus Wire::send(Content content) {
  const bool full = flight_.size() + reports_.size() >= options_.features.max_in_flight;
  if (closed_ || reconciling_ || full || fate_.fails(8)) return SendStatus::busy;
  if (options_.is_dead && !options_.answers_when_dead) return SendStatus::busy;
  facts_.is_sent(content);
  if (std::ranges::any_of(flight_, [&](const Sent& one) { return one.content.sequence == content.sequence; }))
    fate_.violated("event " + std::to_string(content.sequence) + " is in flight twice, and reports name the sequence alone");
  // The adapter keeps its promise: while a failure of this user is not collected, nothing of the user goes out.
  const bool doomed = is_pipeline() && blocked_[content.key] > 0 && fate_.defect != Defect::failures_forgotten;
  flight_.push_back({std::move(content), doomed});
  return SendStatus::queued;
}

void Wire::persist(const Content& content) {
  if (!content.copy) log_.push_back({content, false});
  facts_.has_arrived(content);
}

void Wire::report(const Content& content, Outcome outcome) {
  const auto late = fate_.faults && fate_.dice.chance(10) ? fate_.dice.below(400) : fate_.dice.below(8);
  if (outcome != Outcome::accepted) ++blocked_[content.key];
  if (outcome == Outcome::in_doubt || outcome == Outcome::retry) facts_.answered(content.sequence);
  if (outcome != Outcome::accepted && content.copy) facts_.copy_failed(content.sequence);
  // Where it reconciles, only what it does not look for may come twice: letters, and what is sent again after a rewind.
  if (outcome == Outcome::in_doubt && (!options_.features.reconciles || content.letter || content.sequence <= low_water_)) facts_.was_in_doubt(content);
  if (outcome == Outcome::in_doubt && fate_.defect == Defect::doubt_is_accepted) outcome = Outcome::accepted;
  fate_.note("  outcome of ", content.sequence, ": ", static_cast<int>(outcome));
  reports_.push_back({content, outcome, now_ms() + static_cast<std::int64_t>(late), false});
}

/// Which one the broker turns to: the oldest of a partition where order matters, else any.
std::size_t Wire::pick() {
  if (!is_pipeline()) return fate_.dice.below(flight_.size());
  const std::uint64_t partition = fate_.dice.below(options_.partitions);
  for (std::size_t i = 0; i < flight_.size(); ++i)
    if (partition_of(flight_[i].content) == partition) return i;
  return 0;
}

void Wire::progress() {
  if (!limbo_.empty() && fate_.dice.chance(20)) {
    persist(limbo_.back());
    limbo_.pop_back();
  }
  if (flight_.empty() || reconciling_) return;
  if (options_.features.reconciles && fate_.fails(2)) return rebuild();
  settle(pick());
}

void Wire::settle(std::size_t at) {
  const Sent one = flight_[at];
  const Content& content = one.content;
  flight_.erase(flight_.begin() + static_cast<std::ptrdiff_t>(at));
  const auto failed = [&](Outcome outcome, bool later_may_persist = false) {
    report(content, outcome);
    fail_user(content.key, later_may_persist);
  };
  if (one.doomed) return report(content, Outcome::unavailable);
  if (options_.is_dead) return failed(Outcome::unavailable);
  // Now and then the broker is away for long: everything fails, again and again.
  if (outage_ == 0 && fate_.fails(1)) outage_ = fate_.dice.between(5, 60);
  if (outage_ > 0) {
    --outage_;
    return failed(fate_.dice.chance(85) ? Outcome::unavailable : Outcome::in_doubt);
  }
  if (content.copy && poisoned_copies_.contains(content.sequence)) return failed(Outcome::refused);
  if (const auto poison = poison_.find(content.sequence); poison != poison_.end() && !content.copy) {
    constexpr Outcome kOutcomes[] = {Outcome::refused, Outcome::retry, Outcome::in_doubt};
    return failed(kOutcomes[static_cast<std::size_t>(poison->second)]);
  }
  const std::uint64_t fate = fate_.mortal && fate_.faults ? fate_.dice.below(100) : 99;
  if (fate < 8) return failed(Outcome::retry);
  if (fate < 16) {
    if (options_.features.reconciles) {
      flight_.push_front(one);
      return rebuild();
    }
    const bool arrived = fate_.dice.chance(50);
    if (arrived) persist(content);
    if (!arrived && !is_pipeline() && fate_.dice.chance(30)) limbo_.push_back(content);
    return failed(Outcome::in_doubt, arrived);
  }
  persist(content);
  report(content, Outcome::accepted);
}

/// What was sent behind a failed event of a user fails too; some of it may have arrived if the failed one did.
void Wire::fail_user(const std::string& key, bool later_may_persist) {
  if (!is_pipeline()) return;
  std::deque<Sent> left;
  for (const Sent& one : std::exchange(flight_, {})) {
    if (one.content.key != key || fate_.defect == Defect::failures_forgotten) {
      left.push_back(one);
      continue;
    }
    later_may_persist = later_may_persist && !one.doomed && !poison_.contains(one.content.sequence) && fate_.dice.chance(60);
    if (later_may_persist) persist(one.content);
    report(one.content, later_may_persist ? Outcome::in_doubt : Outcome::unavailable);
  }
  flight_ = std::move(left);
}

/// Of each partition the first few arrive, the rest does not.
void Wire::persist_some_in_flight(bool as_reported) {
  std::map<std::uint64_t, bool> stopped;
  for (const Sent& one : std::exchange(flight_, {})) {
    bool& gone = stopped[is_pipeline() ? partition_of(one.content) : one.content.sequence];
    gone = gone || options_.is_dead || poison_.contains(one.content.sequence) || one.doomed || fate_.dice.chance(40);
    if (!gone) persist(one.content);
    if (as_reported) report(one.content, fate_.dice.chance(70) || !gone ? Outcome::in_doubt : Outcome::unavailable);
  }
}

/// A fatal error: the producer is closed, a new one is opened, and finds out what the broker has.
void Wire::rebuild() {
  persist_some_in_flight(true);
  // Acknowledgements on their way are lost with the old producer.
  for (Report& one : reports_) {
    if (one.outcome != Outcome::accepted || one.found || fate_.dice.chance(50)) continue;
    one.outcome = Outcome::in_doubt;
    ++blocked_[one.content.key];
    if (one.content.letter || one.content.sequence <= low_water_) facts_.was_in_doubt(one.content);
  }
  resume_ = resume_at();
  reconciling_ = true;
  found_reported_ = false;
}

void Wire::report_found() {
  for (std::size_t at = resume_; at < log_.size(); ++at) {
    const Content& one = log_[at].content;
    if (one.sequence > low_water_) reports_.push_back({one, Outcome::accepted, now_ms() + static_cast<std::int64_t>(fate_.dice.below(20)), true});
    log_[at].reported = true;
  }
  if (fate_.defect == Defect::found_of_other_journal && low_water_ + 2 <= facts_.accepted()) {
    Content other = facts_.content_of(low_water_ + 2);
    reports_.push_back({std::move(other), Outcome::accepted, now_ms(), true});
  }
  std::ranges::sort(reports_, {}, &Report::due_ms);
}

void Wire::collect(std::vector<destinations::Report>& out) {
  const std::int64_t now = now_ms();
  std::vector<Report> due;
  std::erase_if(reports_, [&](const Report& one) {
    if (one.due_ms > now) return false;
    due.push_back(one);
    return true;
  });
  for (const Report& one : due) {
    if (one.outcome != Outcome::accepted)
      if (auto& count = blocked_[one.content.key]; count > 0) --count;
    if (one.outcome == Outcome::accepted && !one.found)
      for (auto entry = log_.rbegin(); entry != log_.rend(); ++entry)
        if (entry->content.sequence == one.content.sequence) {
          entry->reported = true;
          break;
        }
    out.push_back({one.content.sequence, one.outcome, one.outcome == Outcome::accepted ? "" : "the broker said so",
                   one.found ? destinations::id_mark(one.content.id) : 0});
  }
  if (!reconciling_ || !reports_.empty() || options_.is_dead) return;
  // Old failures are all collected: now what was found, then business as usual.
  if (std::exchange(found_reported_, true)) {
    reconciling_ = false;
    resume_ = log_.size();
  } else {
    report_found();
  }
}

void Wire::crash() {
  persist_some_in_flight(false);
  reports_.clear();
  blocked_.clear();
}

}  // namespace user_events::delivery::whole
