// What a runner sends from the dead letter store: its desk says which, this makes a message of it.
#include "delivery/runner_impl.h"

#include "base/hash64.h"
#include "base/try.h"

namespace user_events::delivery {

std::uint32_t StoreOfDestination::rate(std::uint64_t request) {
  const auto [known, is_new] = rates_.try_emplace(request, 0);
  if (is_new)
    if (const auto replays = state_.replays(request); replays && !replays->empty()) known->second = replays->front().rate;
  return known->second;
}

/// Holds the keys that have a line in the store, and hands those that flow to the desk.
Result<void> Runner::Impl::load_lines() {
  UE_TRY_ASSIGN(const auto held, state.held_keys(options.name, journal.id()));
  take_lines(held);
  return {};
}

void Runner::Impl::take_lines(const std::vector<state::HeldKey>& held) {
  desk.clear();
  letter_store.forget_rates();
  for (const auto& [key, first_sequence, flows] : held) {
    // From the first one on: what lies in the store does not go out from the journal, too.
    core.hold_key(base::hash64(key, key_seed), start_is_saved && first_sequence != 0 ? first_sequence - 1 : 0);
    if (flows) desk.line_changed(key);
  }
}

void Runner::Impl::work_on_letters() {
  if (settle_again_at && now() < *settle_again_at) return;
  std::lock_guard lock(core_mutex);
  letters_changed = letters_changed || desk.has_ended();
  const auto done = desk.work(core, now());
  settle_again_at = done ? std::nullopt : std::optional(now() + kTroubleWait);
  set_problem(letter_problem, done ? std::string() : "the dead letter store cannot be used: " + describe(done.error()));
}

Handover Runner::Impl::send(const LetterDesk::Sending& sending) {
  const state::Letter& letter = *sending.letter;
  const auto envelope = opener.open({letter.id, letter.type, letter.key}, letter.payload, opened);
  if (!envelope && privacy::is_erased(envelope.error())) return Handover::erased;
  if (!envelope) {
    halted = true;
    set_problem(record_problem, "the dead letter " + std::to_string(letter.number) + " cannot be read: " + describe(envelope.error()));
    return Handover::busy;
  }
  const destinations::DeadLetterCause cause{options.name, letter.reason, letter.attempts};
  destinations::Message message;
  message.position = {letter.journal_id, letter.sequence, letter.replays, letter.folded};
  if (sending.copy) {
    message.target = options.dead_letter_topic;
    message.dead_letter = &cause;
  }
  return hand_over(*envelope, message);
}

void Runner::Impl::count_letters() {
  if (!std::exchange(letters_changed, false)) return;
  const auto counts = state.letter_counts(options.name);
  if (!counts) {
    letters_changed = true;
    return;
  }
  dead_letters.store(counts->total());
  letters_in_lines = counts->total() - counts->skipped;
  std::lock_guard lock(problem_mutex);
  letter_counts = *counts;
}

}  // namespace user_events::delivery
