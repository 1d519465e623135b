#include "whole/mortal_state.h"

#include "base/try.h"

namespace user_events::delivery::whole {

using state::Letter;
using state::LetterEnd;

Result<void> MortalState::save_position(std::string_view destination, const state::SavedPosition& position) {
  fate_.maybe_die();
  if (fate_.fails(2)) return fail(ErrorKind::io, "state-failed", "the disk failed");
  state::SavedPosition saved = position;
  Facts& one = facts(destination);
  const bool is_rewind = position.replay > one.replay();
  if (is(Defect::position_early) && !is_rewind && saved.low_water + 2 <= one.accepted()) saved.low_water += 2;
  if (is(Defect::rewind_skips) && is_rewind) ++saved.low_water;
  if (is(Defect::rewind_unmarked)) saved.replay_until = saved.replay = 0;
  if (!is(Defect::position_not_saved)) {
    UE_TRY(inner_.save_position(destination, saved));
  }
  one.saved(is(Defect::rewind_unmarked) ? position : saved);
  if (is(Defect::cursor_shared))
    for (const auto& [name, other] : facts_)
      if (name != destination) {
        UE_TRY(inner_.save_position(name, saved));
      }
  fate_.maybe_die();
  return {};
}

Result<bool> MortalState::is_paused(std::string_view destination) {
  if (is(Defect::pause_forgotten)) return false;
  return inner_.is_paused(destination);
}

Result<void> MortalState::set_paused(std::string_view destination, bool paused) {
  fate_.maybe_die();
  UE_TRY(inner_.set_paused(destination, paused));
  facts(destination).set_paused(paused);
  fate_.maybe_die();
  return {};
}

Result<std::uint64_t> MortalState::store_letters(std::string_view destination, const std::vector<Letter>& letters) {
  auto stored = letters;
  if (is(Defect::copy_forgotten))
    for (Letter& one : stored) one.copy_due = false;
  return durably([&] { return inner_.store_letters(destination, stored); },
                 [&](std::uint64_t) {
                   for (const Letter& one : stored) facts(destination).stored(one);
                   for (const Letter& one : stored) last_stored_.emplace_back(destination, one.sequence);
                 });
}

/// A crash takes the newest letters with it.
void MortalState::crashed() {
  if (is(Defect::letters_lost) && !last_stored_.empty()) {
    std::vector<std::string> names;
    const auto& [destination, sequence] = last_stored_.back();
    DeadLetterFilter filter;
    filter.destination = destination;
    if (const auto all = inner_.letters(filter, 0, 1'000, names); all)
      for (const Letter& one : *all)
        if (one.sequence == sequence) filter.numbers.push_back(one.number);
    if (!filter.numbers.empty()) (void)inner_.discard(destination, filter, {"lost", "nobody", 0});
  }
  last_stored_.clear();
}

Result<std::vector<state::HeldKey>> MortalState::held_keys(std::string_view destination, std::string_view journal) {
  if (is(Defect::held_keys_not_loaded)) return std::vector<state::HeldKey>();
  UE_TRY_ASSIGN(auto keys, inner_.held_keys(destination, journal));
  if (is(Defect::letters_of_another))
    for (const auto& [name, other] : facts_) {
      if (name == destination) continue;
      UE_TRY_ASSIGN(const auto more, inner_.held_keys(name, journal));
      keys.insert(keys.end(), more.begin(), more.end());
    }
  return keys;
}

Result<std::vector<std::uint64_t>> MortalState::skipped_sequences(std::string_view destination, std::string_view journal, std::uint64_t after) {
  if (is(Defect::skipped_forgotten)) return std::vector<std::uint64_t>();
  return inner_.skipped_sequences(destination, journal, after);
}

Result<std::optional<Letter>> MortalState::first_in_line(std::string_view destination, std::string_view key) {
  if (fate_.fails(1)) return fail(ErrorKind::io, "state-failed", "the disk failed");
  UE_TRY_ASSIGN(auto letter, inner_.first_in_line(destination, key));
  if (is(Defect::letters_of_another) && !letter)
    for (const auto& [name, other] : facts_) {
      if (letter) continue;
      UE_TRY_ASSIGN(letter, inner_.first_in_line(name, key));
    }
  if (is(Defect::line_backwards) && letter) {
    std::vector<std::string> names;
    DeadLetterFilter filter;
    filter.destination = destination;
    UE_TRY_ASSIGN(const auto all, inner_.letters(filter, 0, 1'000, names));
    for (const Letter& one : all)
      if (one.key == key && one.in_line && one.sequence > letter->sequence) {
        UE_TRY_ASSIGN(const auto whole, inner_.letter(one.number));
        if (whole) letter = whole->second;
      }
  }
  if (letter) facts(destination).numbered(*letter);
  if (letter && is(Defect::letter_deleted_early) && letter->state != state::LetterState::dead) {
    const LetterEnd gone{.number = letter->number, .kind = LetterEnd::Kind::delivered, .reason = {}, .attempts = 0};
    UE_TRY(inner_.settle(destination, {&gone, 1}, 0));
  }
  return letter;
}

Result<std::vector<Letter>> MortalState::loose_letters(std::string_view destination, std::uint64_t after, std::size_t limit) {
  UE_TRY_ASSIGN(auto letters, inner_.loose_letters(destination, after, limit));
  if (is(Defect::copy_to_wrong_destination))
    for (const auto& [name, other] : facts_) {
      if (name == destination) continue;
      UE_TRY_ASSIGN(auto more, inner_.loose_letters(name, after, limit));
      letters.insert(letters.end(), more.begin(), more.end());
    }
  for (const Letter& one : letters) facts(destination).numbered(one);
  return letters;
}

Result<void> MortalState::settle(std::string_view destination, std::span<const LetterEnd> ends, std::int64_t now_ms) {
  fate_.maybe_die();
  if (fate_.fails(2)) return fail(ErrorKind::full, "state-full", "no room");
  std::vector<LetterEnd> changed(ends.begin(), ends.end());
  if (is(Defect::copy_taken_for_event))
    for (LetterEnd& one : changed)
      if (one.kind == LetterEnd::Kind::copied) one.kind = LetterEnd::Kind::delivered;
  UE_TRY(inner_.settle(destination, changed, now_ms));
  for (const LetterEnd& one : changed) facts(destination).settled(one.number, one);
  fate_.maybe_die();
  return {};
}

Result<std::optional<DeadLetterReplay>> MortalState::start_replay(std::string_view destination, const DeadLetterFilter& filter,
                                                                  const ReplayOptions& options, std::int64_t now_ms) {
  return durably([&] { return inner_.start_replay(destination, filter, options, now_ms); },
                 [&](const std::optional<DeadLetterReplay>& replay) { facts(destination).replay_began(replay ? replay->total : 0); });
}

Result<state::Discarded> MortalState::discard(std::string_view destination, const DeadLetterFilter& filter, const state::DiscardOrder& order) {
  DeadLetterFilter mine = filter;
  mine.destination = destination;
  std::vector<std::string> names;
  UE_TRY_ASSIGN(const auto matching, inner_.letters(mine, 0, 1'000, names));
  return durably([&] { return inner_.discard(destination, filter, order); },
                 [&](const state::Discarded&) {
                   for (const Letter& one : matching) facts(destination).discarded(one.sequence);
                 });
}

}  // namespace user_events::delivery::whole
