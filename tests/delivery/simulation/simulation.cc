#include "simulation/simulation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "simulation/broker.h"
#include "simulation/model_store.h"

namespace user_events::delivery::simulation {
namespace {

using encoding::Readiness;
using std::chrono::milliseconds;

/// With faults off and nothing but a little time, everything must be done within this many rounds.
constexpr int kRoundsToFinish = 20'000;

struct Setup {
  BrokerOptions broker;
  CoreOptions core;
  std::uint64_t events, keys;
  unsigned poison_percent, unencodable_percent, filtered_percent, crash_permille, operator_permille;
};

Setup roll_setup(Dice& dice) {
  Setup setup;
  setup.broker.pipeline = dice.chance(60);
  setup.broker.reconciles = setup.broker.pipeline && dice.chance(50);
  setup.core.ordered_pipeline = setup.broker.pipeline;
  setup.core.window_events = static_cast<std::uint32_t>(dice.between(2, 80));
  setup.core.max_in_flight = static_cast<std::uint32_t>(dice.between(1, 24));
  setup.core.retry = {.initial = milliseconds(dice.between(1, 20)), .max = milliseconds(dice.between(20, 800))};
  setup.core.retry.attempts = dice.chance(70) ? static_cast<std::uint32_t>(dice.between(2, 10)) : 0;
  setup.core.hold = dice.chance(75);
  setup.core.park_after = milliseconds(dice.between(50, 30'000));
  setup.core.seed = dice.below(1u << 30);
  setup.events = dice.between(20, 250);
  setup.keys = dice.between(1, 12);
  setup.poison_percent = dice.chance(40) ? static_cast<unsigned>(dice.between(1, 6)) : 0;
  setup.unencodable_percent = dice.chance(40) ? static_cast<unsigned>(dice.between(1, 20)) : 0;
  setup.filtered_percent = dice.chance(30) ? 20 : 0;
  setup.crash_permille = dice.chance(70) ? static_cast<unsigned>(dice.between(1, 15)) : 0;
  setup.operator_permille = dice.chance(70) ? static_cast<unsigned>(dice.between(1, 20)) : 0;
  return setup;
}

class Life {
 public:
  Life(std::uint64_t seed, Defect defect) : dice_(seed), defect_(defect), setup_(roll_setup(dice_)), store_(dice_, defect) {
    std::map<std::uint64_t, Broker::Poison> poison;
    for (std::uint64_t sequence = 1; sequence <= setup_.events; ++sequence) {
      // Half of the events belong to one key, so that long lanes are common.
      key_of_[sequence] = dice_.chance(50) ? 0 : dice_.below(setup_.keys);
      if (dice_.chance(setup_.filtered_percent)) filtered_.insert(sequence);
      else if (dice_.chance(setup_.poison_percent)) poison[sequence] = static_cast<Broker::Poison>(dice_.below(3));
      if (dice_.chance(setup_.unencodable_percent)) unencodable_[sequence] = dice_.chance(20) ? Readiness::refused : Readiness::not_now;
    }
    store_.death_permille = setup_.crash_permille * 5;
    broker_ = std::make_unique<Broker>(setup_.broker, dice_, std::move(poison));
    start();
  }

  Outline run() {
    const auto rounds = setup_.events * 8;
    for (std::uint64_t round = 0; round < rounds && ok(); ++round) {
      step(false);
      if (dice_.below(1'000) < setup_.crash_permille) crash();
      if (dice_.below(1'000) < setup_.operator_permille) wants_operator_ = true;
    }
    broker_->stop_faults();
    broker_->heal_all();
    unencodable_.clear();
    store_.faults = false;
    for (int round = 0; round < kRoundsToFinish && ok() && !finished(); ++round) {
      step(true);
      if (round % 100 == 99) wants_operator_ = replay_all_ = true;
    }
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
    return core_->plain().low_water() == setup_.events && broker_->in_flight() == 0 && to_store_.empty() && store_.letters.empty();
  }

  static std::string name_of(std::uint64_t key) { return "k" + std::to_string(key); }

  void start() {
    circuit_ = std::make_unique<Circuit>(setup_.core.retry, setup_.core.seed);
    setup_.core.circuit = circuit_.get();
    core_ = std::make_unique<FaultyCore>(setup_.core, saved_, defect_);
    DeskOptions desk;
    desk.retry = setup_.core.retry;
    desk.hold = setup_.core.hold;
    desk.max_in_flight = std::max(setup_.core.max_in_flight / 4, 1u);
    desk.journal_id = "j";
    desk_ = std::make_unique<LetterDesk>(desk, *circuit_, store_, [](std::string_view key) { return std::stoull(std::string(key.substr(1))); });
    for (const auto& [sequence, letter] : store_.letters)
      if (!letter.in_line) core_->plain().result(sequence, Outcome::accepted, now_);
    load_lines(true);
    store_.dies = false;
    broker_->start(now_, saved_.low_water, defect_ == Defect::reconciliation_skipped);
  }

  /// As the runner does: holds the keys that have a line, and hands those that flow to the desk.
  void load_lines(bool at_start) {
    desk_->clear();
    std::set<std::string> keys;
    for (const auto& [sequence, letter] : store_.letters) {
      if (!letter.in_line || !keys.insert(letter.key).second) continue;
      if (!at_start || defect_ != Defect::held_keys_not_loaded) core_->plain().hold_key(key_of_[sequence], sequence - 1);
      const bool flows = letter.state != state::LetterState::dead || defect_ == Defect::held_letter_sent;
      const bool is_rest = letter.state == state::LetterState::held && defect_ == Defect::line_not_continued;
      if (flows && !is_rest) desk_->line_changed(letter.key);
    }
  }

  void crash() {
    ++crashes_;
    broker_->crash();
    // Without reconciliation nobody knows what arrived after the position was saved.
    if (!setup_.broker.reconciles)
      for (std::uint64_t sequence = saved_.low_water + 1; sequence <= setup_.events; ++sequence)
        if (!is_saved(sequence)) broker_->allow_copy(sequence);
    // A letter that arrived stays one until that is durable, whatever reconciles.
    for (const auto& [sequence, letter] : store_.letters) broker_->allow_copy(sequence);
    to_store_.clear();
    start();
  }

  void step(bool calm) {
    now_ += milliseconds(dice_.below(calm ? 30 : 12));
    // An outage takes hours; and now and then the machine was asleep.
    if (broker_->is_down()) now_ += std::chrono::seconds(dice_.below(600));
    if (!calm && dice_.below(1'000) < 2) now_ += std::chrono::hours(dice_.below(10));
    if (wants_operator_ && desk_->in_flight() == 0) operate();
    (void)desk_->work(core_->plain(), now_);
    if (store_.dies) return crash();
    offer_some();
    if (dice_.chance(10)) find_schema();
    if (!broker_->reconciling()) act();
    for (std::uint64_t i = dice_.below(4); i > 0; --i) broker_->progress(now_);
    for (const auto& report : broker_->collect(now_)) take(report);
    if (dice_.chance(40)) store_some();
    if (dice_.chance(15)) save();
    check_step();
  }

  void take(const Broker::Report& report) {
    const bool counts_down = report.outcome == Outcome::unavailable && defect_ == Defect::counted_while_down;
    if (report.found || !desk_->owns(report.sequence)) return core_->result(report.sequence, report.outcome, now_);
    // Reconciliation is about the journal's way; a letter in doubt is sent again.
    if (report.outcome == Outcome::in_doubt) broker_->allow_copy(report.sequence);
    desk_->result(core_->plain(), report.sequence, counts_down ? Outcome::retry : report.outcome, "why", now_);
  }

  /// Somebody replays or discards letters, some after repairing what refused them.
  void operate() {
    wants_operator_ = false;
    save();
    std::set<std::string> changed;
    const bool discard = !replay_all_ && dice_.chance(25);
    for (auto at = store_.letters.begin(); at != store_.letters.end();) {
      auto& [sequence, letter] = *at;
      const bool is_dead = letter.state == state::LetterState::dead || letter.state == state::LetterState::skipped;
      if (!replay_all_ && dice_.chance(discard ? 95 : 60)) {
        ++at;
      } else if (discard) {
        discarded_.insert(sequence);
        changed.insert(letter.key);
        at = store_.letters.erase(at);
      } else {
        if (is_dead) replay(letter);
        ++at;
      }
    }
    load_lines(false);
    for (const auto& key : changed) desk_->line_changed(key);
    if (defect_ != Defect::key_released_early) return;
    for (const auto& [sequence, letter] : store_.letters)
      if (letter.state == state::LetterState::replaying) (void)core_->plain().release_key(key_of_[sequence]);
  }

  void replay(state::Letter& letter) {
    if (!letter.in_line) exempt_.insert(letter.sequence);
    letter.state = state::LetterState::replaying;
    ++letter.replays;
    ++replays_;
    if (dice_.chance(60)) broker_->heal(letter.sequence), unencodable_.erase(letter.sequence);
  }

  void offer_some() {
    Core& core = core_->plain();
    for (std::uint64_t i = dice_.below(12); i > 0 && core.wants_more() && core.next_offer() <= setup_.events; --i) {
      const std::uint64_t sequence = core.next_offer();
      filtered_.contains(sequence) ? core.skip(sequence) : core.offer(sequence, key_of_[sequence]);
    }
  }

  void act() {
    if (dice_.chance(50)) {
      act_desk();
      act_core();
    } else {
      act_core();
      act_desk();
    }
  }

  /// What one of the events waited for is there.
  void find_schema() {
    if (unencodable_.empty()) return;
    const auto one = std::next(unencodable_.begin(), static_cast<std::ptrdiff_t>(dice_.below(unencodable_.size())));
    if (one->second == Readiness::not_now) unencodable_.erase(one);
  }

  [[nodiscard]] Readiness encode(std::uint64_t sequence) const {
    const auto at = unencodable_.find(sequence);
    return at == unencodable_.end() ? Readiness::ready : at->second;
  }

  void act_desk() {
    if (wants_operator_) return;
    for (std::uint64_t i = dice_.below(5); i > 0; --i) {
      const auto sending = desk_->next(core_->plain(), now_);
      if (!sending) return;
      const std::uint64_t sequence = sending->letter->sequence;
      was_letter_.insert(sequence);
      if (const auto readiness = encode(sequence); readiness != Readiness::ready) {
        readiness == Readiness::not_now ? desk_->postpone(sequence, now_) : desk_->refuse(core_->plain(), sequence, "why");
        continue;
      }
      if (!broker_->send(sequence, key_of_[sequence])) return desk_->unsent(sequence);
      if (defect_ == Defect::letter_deleted_early) store_.letters.erase(sequence);
    }
  }

  void act_core() {
    for (std::uint64_t i = dice_.below(10); i > 0; --i) {
      const auto action = core_->next_action(now_);
      if (!action) return;
      if (action->kind == ActionKind::send) {
        if (desk_->owns(action->sequence)) return core_->unsent(action->sequence);
        if (const auto readiness = encode(action->sequence); readiness != Readiness::ready) {
          ++postponed_;
          readiness == Readiness::not_now ? core_->postpone(action->sequence, now_) : core_->refuse(action->sequence, now_);
          continue;
        }
        if (broker_->send(action->sequence, key_of_[action->sequence])) continue;
        return core_->unsent(action->sequence);
      }
      if (action->kind == ActionKind::dead_letter) check_dead(*action);
      // From here on later ones may pass: also when a crash comes before the letter is durable, and this one is sent anew.
      if (action->kind == ActionKind::dead_letter && !setup_.core.hold) exempt_.insert(action->sequence);
      to_store_.push_back(*action);
      if (defect_ == Defect::stored_early) core_->plain().stored(action->sequence);
    }
  }

  /// Given up only for what the destination said of this event.
  void check_dead(const Action& action) {
    if (action.cause != Cause::attempts) return;
    if (broker_->answers(action.sequence) < setup_.core.retry.attempts)
      fail("event " + std::to_string(action.sequence) + " was given up, but attempts were counted while the destination was down");
  }

  void put(const Action& action) {
    state::Letter letter;
    letter.number = letter.sequence = action.sequence;
    letter.journal_id = "j";
    letter.key = name_of(key_of_[action.sequence]);
    letter.attempts = action.counted;
    const bool dead = action.kind == ActionKind::dead_letter;
    letter.in_line = !dead || setup_.core.hold;
    letter.state = !dead             ? (action.kind == ActionKind::park ? state::LetterState::parked : state::LetterState::held)
                   : letter.in_line ? state::LetterState::dead
                                    : state::LetterState::skipped;
    ++(dead ? dead_letters_ : action.kind == ActionKind::park ? parked_ : held_);
    store_.letters.emplace(action.sequence, letter);
    was_letter_.insert(action.sequence);
  }

  /// Durable first; a crash may come between that and telling the core.
  void store_some() {
    const auto count = std::min<std::size_t>(to_store_.size(), dice_.between(1, 5));
    for (std::size_t i = 0; i < count; ++i) put(to_store_[i]);
    if (dice_.below(1'000) < setup_.crash_permille * 3) return crash();
    for (std::size_t i = 0; i < count; ++i) {
      core_->plain().stored(to_store_[i].sequence);
      if (to_store_[i].kind == ActionKind::park) desk_->line_changed(name_of(key_of_[to_store_[i].sequence]));
    }
    to_store_.erase(to_store_.begin(), to_store_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  [[nodiscard]] bool is_saved(std::uint64_t sequence) const {
    return sequence <= saved_.low_water || std::ranges::any_of(saved_.acknowledged, [&](const auto& range) {
             return sequence >= range.first && sequence < range.second;
           });
  }

  [[nodiscard]] bool is_done(std::uint64_t sequence) const {
    return broker_->has(sequence) || store_.letters.contains(sequence) || filtered_.contains(sequence) || discarded_.contains(sequence);
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

  /// First deliveries of a key ascend; skipped letters and what somebody gave up while it was in doubt are exempt.
  void check_order() {
    const auto& log = broker_->log();
    for (; checked_ < log.size() && ok(); ++checked_) {
      const std::uint64_t sequence = log[checked_], key = key_of_[sequence];
      if (!seen_.insert(sequence).second) {
        if (broker_->copies(sequence) > 1 + broker_->doubts(sequence))
          fail("event " + std::to_string(sequence) + " was delivered again although its outcome was known");
        continue;
      }
      if (exempt_.contains(sequence) || store_.skipped.contains(sequence) || discarded_.contains(sequence)) continue;
      if (std::uint64_t& last = last_first_[key]; sequence < last)
        fail("key " + std::to_string(key) + ": event " + std::to_string(sequence) + " first came after " + std::to_string(last));
      else
        last = sequence;
    }
  }

  void check_end() {
    check_order();
    for (std::uint64_t sequence = 1; sequence <= setup_.events && ok(); ++sequence) {
      if (!broker_->has(sequence) && !filtered_.contains(sequence) && !discarded_.contains(sequence)) fail("event " + std::to_string(sequence) + " is lost");
      if (setup_.broker.reconciles && broker_->copies(sequence) > 1 && !was_letter_.contains(sequence))
        fail("event " + std::to_string(sequence) + " is there twice in spite of reconciliation");
    }
    if (core_->plain().pending() != 0) fail("everything is done and something still pending");
    if (core_->plain().in_flight() != 0 || desk_->in_flight() != 0) fail("everything is done and something still counts as in flight");
  }

  [[nodiscard]] Outline outline() const {
    return {failure_, setup_.events, broker_->log().size(), broker_->log().size() - seen_.size(), dead_letters_, held_, crashes_, parked_, replays_,
            discarded_.size(), postponed_};
  }

  Dice dice_;
  Defect defect_;
  Setup setup_;
  Time now_{};
  std::map<std::uint64_t, std::uint64_t> key_of_;
  std::map<std::uint64_t, Readiness> unencodable_;
  std::set<std::uint64_t> filtered_;
  std::unique_ptr<Broker> broker_;
  // Durable.
  CorePosition saved_;
  ModelStore store_;
  std::set<std::uint64_t> discarded_;
  // Of the running process.
  std::unique_ptr<Circuit> circuit_;
  std::unique_ptr<FaultyCore> core_;
  std::unique_ptr<LetterDesk> desk_;
  std::vector<Action> to_store_;
  bool wants_operator_ = false, replay_all_ = false;
  // Of the checks.
  std::string failure_;
  std::size_t checked_ = 0;
  std::set<std::uint64_t> seen_;
  std::map<std::uint64_t, std::uint64_t> last_first_;
  std::set<std::uint64_t> exempt_, was_letter_;
  std::uint64_t crashes_ = 0, postponed_ = 0, dead_letters_ = 0, held_ = 0, parked_ = 0, replays_ = 0;
};

}  // namespace

Outline run_simulation(std::uint64_t seed, Defect defect) { return Life(seed, defect).run(); }

}  // namespace user_events::delivery::simulation
