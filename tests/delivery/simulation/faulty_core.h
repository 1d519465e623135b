// The core behind a thin layer that can put one deliberate defect into it. Only here to prove that the simulation notices.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/core.h"

namespace user_events::delivery::simulation {

enum class Defect : std::uint8_t {
  none,
  position_early,         ///< The saved position covers what was only offered.
  ranges_early,           ///< The saved ranges cover what is in flight.
  doubt_is_accepted,      ///< In doubt is taken for accepted.
  doubt_not_repeated_first,  ///< In doubt is sent again, but later events of the key go first.
  retry_does_not_block,   ///< A failed event is sent again while later ones of its key go on.
  unsent_reordered,       ///< What was busy comes back after later events.
  reconciliation_skipped,
  stored_early,           ///< A dead letter counts as stored before it is durable.
  hold_ignored,           ///< Later events of a key with a dead letter are sent.
  held_keys_not_loaded,   ///< …after a restart.
  refused_is_dropped,     ///< A refused event counts as done.
  backoff_forgotten,      ///< A failed event is never sent again.
  counted_while_down,     ///< An attempt counts although the destination as a whole takes nothing.
  key_released_early,     ///< A key's events flow again when its replay begins, not when its line is empty.
  letter_deleted_early,   ///< A letter goes when it is sent, not when it is accepted.
  held_letter_sent,       ///< A held letter is sent although the one before it is dead.
  line_not_continued,     ///< After a restart nobody sends what is left of a line.
  postponed_is_done,      ///< What cannot be encoded yet counts as done.
  postponed_does_not_block,  ///< …is sent later, while later events of its key go on.
  unencodable_is_dropped,  ///< What can never be encoded counts as done.
};

inline constexpr std::pair<Defect, std::string_view> kDefects[] = {
    {Defect::position_early, "position_early"},
    {Defect::ranges_early, "ranges_early"},
    {Defect::doubt_is_accepted, "doubt_is_accepted"},
    {Defect::doubt_not_repeated_first, "doubt_not_repeated_first"},
    {Defect::retry_does_not_block, "retry_does_not_block"},
    {Defect::unsent_reordered, "unsent_reordered"},
    {Defect::reconciliation_skipped, "reconciliation_skipped"},
    {Defect::stored_early, "stored_early"},
    {Defect::hold_ignored, "hold_ignored"},
    {Defect::held_keys_not_loaded, "held_keys_not_loaded"},
    {Defect::refused_is_dropped, "refused_is_dropped"},
    {Defect::backoff_forgotten, "backoff_forgotten"},
    {Defect::counted_while_down, "counted_while_down"},
    {Defect::key_released_early, "key_released_early"},
    {Defect::letter_deleted_early, "letter_deleted_early"},
    {Defect::held_letter_sent, "held_letter_sent"},
    {Defect::line_not_continued, "line_not_continued"},
    {Defect::postponed_is_done, "postponed_is_done"},
    {Defect::postponed_does_not_block, "postponed_does_not_block"},
    {Defect::unencodable_is_dropped, "unencodable_is_dropped"},
};

class FaultyCore {
 public:
  FaultyCore(const CoreOptions& options, const CorePosition& position, Defect defect)
      : core_(options, position), defect_(defect) {}

  std::optional<Action> next_action(Time now) {
    auto action = core_.next_action(now);
    // What the defect kept back comes out after the next other action, or when there is none.
    if (!again_.empty() && (!action || skipped_++ > 2)) {
      if (action && action->kind == ActionKind::send) core_.unsent(action->sequence);
      if (action && action->kind != ActionKind::send) return action;
      skipped_ = 0;
      const Action kept = again_.front();
      again_.pop_front();
      return kept;
    }
    if (action && action->kind == ActionKind::hold && defect_ == Defect::hold_ignored) {
      ignored_holds_.push_back(action->sequence);
      action->kind = ActionKind::send;
    }
    return action;
  }

  void unsent(std::uint64_t sequence) {
    if (is_ignored_hold(sequence) || defect_ == Defect::unsent_reordered)
      again_.push_back({ActionKind::send, sequence, 1});
    else
      core_.unsent(sequence);
  }

  void postpone(std::uint64_t sequence, Time now) {
    if (is_ignored_hold(sequence)) return unsent(sequence);
    if (defect_ == Defect::postponed_does_not_block) return again_.push_back({ActionKind::send, sequence, 1});
    if (defect_ == Defect::postponed_is_done) return core_.result(sequence, Outcome::accepted, now);
    core_.postpone(sequence, now);
  }

  void refuse(std::uint64_t sequence, Time now) {
    if (is_ignored_hold(sequence)) return core_.stored(sequence);
    if (defect_ == Defect::unencodable_is_dropped) return core_.result(sequence, Outcome::accepted, now);
    (void)core_.refuse(sequence, now);
  }

  void result(std::uint64_t sequence, Outcome outcome, Time now) {
    if (is_ignored_hold(sequence)) return outcome == Outcome::accepted ? core_.stored(sequence) : again_.push_back({ActionKind::send, sequence, 1});
    const bool swallow = (outcome == Outcome::retry && defect_ == Defect::retry_does_not_block) ||
                         (outcome == Outcome::in_doubt && defect_ == Defect::doubt_not_repeated_first);
    if (swallow) return again_.push_back({ActionKind::send, sequence, 2});
    if (outcome == Outcome::retry && defect_ == Defect::backoff_forgotten) return;
    if ((outcome == Outcome::in_doubt && defect_ == Defect::doubt_is_accepted) ||
        (outcome == Outcome::refused && defect_ == Defect::refused_is_dropped))
      outcome = Outcome::accepted;
    if (outcome == Outcome::unavailable && defect_ == Defect::counted_while_down) outcome = Outcome::retry;
    core_.result(sequence, outcome, now);
  }

  [[nodiscard]] CorePosition position() const {
    auto position = core_.position();
    if (defect_ == Defect::position_early) return {core_.next_offer() - 1, {}};
    if (defect_ == Defect::ranges_early && core_.next_offer() > position.low_water + 2)
      position.acknowledged = {{position.low_water + 2, core_.next_offer()}};
    return position;
  }

  Core& plain() { return core_; }
  [[nodiscard]] const Core& plain() const { return core_; }

 private:
  [[nodiscard]] bool is_ignored_hold(std::uint64_t sequence) const {
    return std::find(ignored_holds_.begin(), ignored_holds_.end(), sequence) != ignored_holds_.end();
  }
  Core core_;
  Defect defect_;
  std::deque<Action> again_;
  int skipped_ = 0;
  std::vector<std::uint64_t> ignored_holds_;
};

}  // namespace user_events::delivery::simulation
