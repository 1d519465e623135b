#include "simulation/simulation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "simulation/broker.h"

namespace user_events::delivery::simulation {
namespace {

using std::chrono::milliseconds;

/// With faults off and nothing but a little time, everything must be done within this many rounds.
constexpr int kRoundsToFinish = 20'000;

struct Setup {
  BrokerOptions broker;
  CoreOptions core;
  std::uint64_t events, keys;
  unsigned poison_percent, filtered_percent, crash_permille;
};

Setup roll_setup(Dice& dice) {
  Setup setup;
  setup.broker.pipeline = dice.chance(60);
  setup.broker.reconciles = setup.broker.pipeline && dice.chance(50);
  setup.core.ordered_pipeline = setup.broker.pipeline;
  setup.core.window_events = static_cast<std::uint32_t>(dice.between(2, 80));
  setup.core.max_in_flight = static_cast<std::uint32_t>(dice.between(1, 24));
  setup.core.retry = {.initial = milliseconds(dice.between(1, 20)), .max = milliseconds(dice.between(20, 800)), .attempts = 0};
  setup.core.seed = dice.below(1u << 30);
  setup.core.park_after = std::chrono::hours(1);
  setup.events = dice.between(20, 250);
  setup.keys = dice.between(1, 12);
  setup.poison_percent = dice.chance(40) ? static_cast<unsigned>(dice.between(1, 6)) : 0;
  setup.filtered_percent = dice.chance(30) ? 20 : 0;
  setup.crash_permille = dice.chance(70) ? static_cast<unsigned>(dice.between(1, 15)) : 0;
  return setup;
}

class Life {
 public:
  Life(std::uint64_t seed, Defect defect) : dice_(seed), defect_(defect), setup_(roll_setup(dice_)) {
    for (std::uint64_t sequence = 1; sequence <= setup_.events; ++sequence) {
      // Half of the events belong to one key, so that long lanes are common.
      key_of_[sequence] = dice_.chance(50) ? 0 : dice_.below(setup_.keys);
      if (dice_.chance(setup_.filtered_percent)) filtered_.insert(sequence);
      else if (dice_.chance(setup_.poison_percent)) poison_.insert(sequence);
    }
    broker_ = std::make_unique<Broker>(setup_.broker, dice_, poison_);
    start();
  }

  Outline run() {
    const auto rounds = setup_.events * 6;
    for (std::uint64_t round = 0; round < rounds && ok(); ++round) {
      step(false);
      if (dice_.below(1'000) < setup_.crash_permille) crash();
    }
    broker_->stop_faults();
    for (int round = 0; round < kRoundsToFinish && ok() && !finished(); ++round) step(true);
    if (ok() && !finished()) fail("no progress after the faults stopped");
    save();
    if (ok()) check_end();
    return outline();
  }

 private:
  [[nodiscard]] bool ok() const { return failure_.empty(); }
  void fail(std::string what) {
    if (ok()) failure_ = std::move(what);
  }
  [[nodiscard]] bool finished() const {
    return core_->plain().low_water() == setup_.events && broker_->in_flight() == 0 && to_store_.empty();
  }

  void start() {
    core_ = std::make_unique<FaultyCore>(setup_.core, saved_, defect_);
    if (defect_ != Defect::held_keys_not_loaded)
      for (const auto& [sequence, head] : store_) core_->plain().hold_key(key_of_[sequence], sequence - 1);
    broker_->start(now_, saved_.low_water, defect_ == Defect::reconciliation_skipped);
  }

  void crash() {
    ++crashes_;
    broker_->crash();
    // Without reconciliation nobody knows what arrived after the position was saved.
    if (!setup_.broker.reconciles)
      for (std::uint64_t sequence = saved_.low_water + 1; sequence <= setup_.events; ++sequence)
        if (!is_saved(sequence)) broker_->allow_copy(sequence);
    to_store_.clear();
    start();
  }

  void step(bool calm) {
    now_ += milliseconds(dice_.below(calm ? 30 : 12));
    offer_some();
    if (!broker_->reconciling()) act();
    for (std::uint64_t i = dice_.below(4); i > 0; --i) broker_->progress(now_);
    for (const auto& report : broker_->collect(now_)) core_->result(report.sequence, report.outcome, now_);
    if (dice_.chance(40)) store_some();
    if (dice_.chance(15)) save();
    check_step();
  }

  void offer_some() {
    Core& core = core_->plain();
    for (std::uint64_t i = dice_.below(12); i > 0 && core.wants_more() && core.next_offer() <= setup_.events; --i) {
      const std::uint64_t sequence = core.next_offer();
      filtered_.contains(sequence) ? core.skip(sequence) : core.offer(sequence, key_of_[sequence]);
    }
  }

  void act() {
    for (std::uint64_t i = dice_.below(10); i > 0; --i) {
      const auto action = core_->next_action(now_);
      if (!action) return;
      if (action->kind == ActionKind::send) {
        if (broker_->send(action->sequence, key_of_[action->sequence])) continue;
        return core_->unsent(action->sequence);
      }
      to_store_.push_back({action->sequence, action->kind == ActionKind::dead_letter});
      if (defect_ == Defect::stored_early) core_->plain().stored(action->sequence);
    }
  }

  /// Durable first; a crash may come between that and telling the core.
  void store_some() {
    const auto count = std::min<std::size_t>(to_store_.size(), dice_.between(1, 5));
    for (std::size_t i = 0; i < count; ++i) store_.insert(to_store_[i]);
    if (dice_.below(1'000) < setup_.crash_permille * 3) return crash();
    for (std::size_t i = 0; i < count; ++i) core_->plain().stored(to_store_[i].first);
    to_store_.erase(to_store_.begin(), to_store_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  [[nodiscard]] bool is_saved(std::uint64_t sequence) const {
    return sequence <= saved_.low_water || std::ranges::any_of(saved_.acknowledged, [&](const auto& range) {
             return sequence >= range.first && sequence < range.second;
           });
  }

  [[nodiscard]] bool is_done(std::uint64_t sequence) const {
    return broker_->has(sequence) || store_.contains(sequence) || filtered_.contains(sequence);
  }

  void save() {
    saved_ = core_->position();
    for (std::uint64_t sequence = 1; sequence <= setup_.events && ok(); ++sequence)
      if (is_saved(sequence) && !is_done(sequence)) fail("the saved position covers event " + std::to_string(sequence) + ", which is nowhere");
  }

  void check_step() {
    const Core& core = core_->plain();
    if (core.next_offer() - core.low_water() - 1 > setup_.core.window_events) fail("the window is larger than its bound");
    if (core.in_flight() > setup_.core.max_in_flight) fail("more in flight than the bound");
    check_order();
  }

  /// First deliveries of a key ascend, and nothing behind its dead letter is delivered.
  void check_order() {
    const auto& log = broker_->log();
    for (; checked_ < log.size() && ok(); ++checked_) {
      const std::uint64_t sequence = log[checked_], key = key_of_[sequence];
      if (!seen_.insert(sequence).second) {
        if (broker_->copies(sequence) > 1 + broker_->doubts(sequence))
          fail("event " + std::to_string(sequence) + " was delivered again although its outcome was known");
        continue;
      }
      if (std::uint64_t& last = last_first_[key]; sequence < last)
        fail("key " + std::to_string(key) + ": event " + std::to_string(sequence) + " first came after " + std::to_string(last));
      else
        last = sequence;
      const auto head = std::ranges::find_if(poison_, [&](auto one) { return key_of_[one] == key && one < sequence; });
      if (head != poison_.end()) fail("event " + std::to_string(sequence) + " passed the dead letter " + std::to_string(*head) + " of its key");
    }
  }

  void check_end() {
    check_order();
    for (std::uint64_t sequence = 1; sequence <= setup_.events && ok(); ++sequence) {
      if (!is_done(sequence)) fail("event " + std::to_string(sequence) + " is lost");
      if (setup_.broker.reconciles && broker_->copies(sequence) > 1) fail("event " + std::to_string(sequence) + " is there twice in spite of reconciliation");
      if (setup_.broker.reconciles && broker_->has(sequence) && store_.contains(sequence))
        fail("event " + std::to_string(sequence) + " is delivered and also held");
      if (poison_.contains(sequence) && !store_.contains(sequence)) fail("poison event " + std::to_string(sequence) + " is no dead letter");
    }
    if (core_->plain().pending() != 0) fail("everything is done and something still pending");
    if (core_->plain().in_flight() != 0) fail("everything is done and something still counts as in flight");
  }

  [[nodiscard]] Outline outline() const {
    Outline out{failure_, setup_.events, broker_->log().size(), broker_->log().size() - seen_.size(), 0, 0, crashes_, 0};
    for (const auto& [sequence, head] : store_) ++(head ? out.dead_letters : out.held);
    return out;
  }

  Dice dice_;
  Defect defect_;
  Setup setup_;
  Time now_{};
  std::map<std::uint64_t, std::uint64_t> key_of_;
  std::set<std::uint64_t> filtered_, poison_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<FaultyCore> core_;
  // Durable.
  CorePosition saved_;
  std::map<std::uint64_t, bool> store_;  // sequence → head
  // Of the running process.
  std::vector<std::pair<std::uint64_t, bool>> to_store_;
  // Of the checks.
  std::string failure_;
  std::size_t checked_ = 0;
  std::set<std::uint64_t> seen_;
  std::map<std::uint64_t, std::uint64_t> last_first_;
  std::uint64_t crashes_ = 0;
};

}  // namespace

Outline run_simulation(std::uint64_t seed, Defect defect) { return Life(seed, defect).run(); }

}  // namespace user_events::delivery::simulation
