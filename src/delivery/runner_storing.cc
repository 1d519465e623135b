// What a runner makes durable: dead letters and the position.
#include <fmt/format.h>

#include <algorithm>

#include "delivery/runner_impl.h"

#include "observability/log.h"

namespace user_events::delivery {
namespace {

constexpr milliseconds kSaveEvery{250};    ///< The position, while it changes.
constexpr std::size_t kLetterBatch = 256;  ///< Dead letters in one transaction.
constexpr std::size_t kLetterBatchBytes = 4u << 20;

/// One line a transaction: when a destination refuses everything, the log must stay readable.
void log_dead(const std::string& destination, const std::vector<state::Letter>& letters) {
  const auto is_dead = [](const state::Letter& one) { return one.state == state::LetterState::dead || one.state == state::LetterState::skipped; };
  const auto dead = std::ranges::count_if(letters, is_dead);
  if (dead == 0) return;
  const auto first = std::ranges::find_if(letters, is_dead);
  observability::log().warn("destination '{}': event {} (sequence {}) is a dead letter{}: {}", destination, first->id, first->sequence,
                            dead > 1 ? " (and " + std::to_string(dead - 1) + " more)" : "", first->reason);
}

std::string reason_of(const Action& action, const std::string& last_failure) {
  if (action.kind == ActionKind::hold) return "waits behind an earlier event of the same user";
  if (action.kind == ActionKind::park) return "waits here because its user's events keep failing: " + last_failure;
  switch (action.cause) {
    case Cause::refused: return last_failure;
    case Cause::attempts: return fmt::format("given up after {} attempts: {}", action.counted, last_failure);
    case Cause::deadline: return "given up, its time is over: " + last_failure;
  }
  return last_failure;
}

}  // namespace

state::Letter Runner::Impl::to_letter(const Action& action, const journal::RecordView& record) {
  const bool dead = action.kind == ActionKind::dead_letter, hold = options.on_dead_letter == DeadLetterAction::hold;
  const auto reason = reasons.find(action.sequence);
  state::Letter letter;
  letter.state = dead ? (hold ? state::LetterState::dead : state::LetterState::skipped)
                 : action.kind == ActionKind::park ? state::LetterState::parked
                                                   : state::LetterState::held;
  letter.in_line = !dead || hold;
  letter.journal_id = journal.id();
  letter.sequence = action.sequence;
  letter.id = record.id;
  letter.type = record.type;
  letter.key = record.key;
  letter.reason = reason_of(action, reason != reasons.end() && !reason->second.empty() ? reason->second : "no reason given");
  letter.folded = folded_into(action.sequence);
  if (letter.folded > 1) letter.reason += fmt::format(" (stands for {} events)", letter.folded);
  letter.attempts = action.counted;
  letter.replays = action.sequence <= replay_until ? replay_mark : 0;
  letter.since_ms = clock.wall().time_since_epoch().count();
  letter.copy_due = dead && !options.dead_letter_topic.empty();
  letter.payload = record.payload;
  return letter;
}

std::vector<state::Letter> Runner::Impl::letters_to_store(std::size_t most) {
  std::vector<state::Letter> letters;
  std::size_t bytes = 0;
  for (const Action& one : to_store) {
    if (letters.size() >= most || bytes >= kLetterBatchBytes) break;
    const auto* record = window.find(one.sequence);
    if (record == nullptr) break;
    letters.push_back(to_letter(one, *record));
    bytes += record->payload.size();
  }
  return letters;
}

/// At the cap of what `hold` keeps, the destination waits: nothing is lost and no order broken; its lag cap acts in the end. What lies there
/// already, or comes before the head of its line, is stored all the same, one at a time: after a rewind the line could else never go out, not even
/// when it is replayed, for it would wait for what waits for room.
std::size_t Runner::Impl::room_in_store() {
  const auto goes_in_line = [this](const Action& one) { return one.kind != ActionKind::dead_letter || options.on_dead_letter == DeadLetterAction::hold; };
  if (!goes_in_line(to_store.front()) || letters_in_lines < options.max_held_events) return kLetterBatch;
  for (std::size_t i = 0; i < std::min(kLetterBatch, to_store.size()); ++i) {
    const auto* record = window.find(to_store[i].sequence);
    if (record == nullptr || !goes_in_line(to_store[i])) continue;
    const auto letter = state.find_event(options.name, journal.id(), to_store[i].sequence);
    const bool is_there = letter && *letter && **letter;
    const auto head = state.first_in_line(options.name, std::string(record->key));
    const bool is_before = head && *head && (**head).journal_id == journal.id() && (**head).sequence > to_store[i].sequence;
    if (!is_there && !is_before) continue;
    const auto found_at = to_store.begin() + static_cast<std::ptrdiff_t>(i);
    std::rotate(to_store.begin(), found_at, found_at + 1);
    return 1;
  }
  set_problem(store_problem, fmt::format("{} events are dead letters or wait behind one (max_held_events): replay or discard some, or raise it", letters_in_lines));
  store_again_at = now() + kTroubleWait;
  return 0;
}

void Runner::Impl::store_letters() {
  if (to_store.empty() || (store_again_at && now() < *store_again_at)) return;
  const std::size_t room = room_in_store();
  if (room == 0) return;
  const auto letters = letters_to_store(room);
  const auto added = state.store_letters(options.name, letters);
  if (!added) {
    store_again_at = now() + kTroubleWait;
    return set_problem(store_problem, "a dead letter cannot be stored: " + describe(added.error()));
  }
  store_again_at.reset();
  set_problem(store_problem, {});
  dead_letters.fetch_add(*added);
  letters_in_lines += *added;
  letters_changed = true;
  log_dead(options.name, letters);
  std::lock_guard lock(core_mutex);
  for (const auto& letter : letters) {
    core.stored(letter.sequence);
    forget(letter.sequence);
    if (letter.state == state::LetterState::parked) desk.line_changed(letter.key);
    if (letter.copy_due) desk.loose_changed();
  }
  to_store.erase(to_store.begin(), to_store.begin() + static_cast<std::ptrdiff_t>(letters.size()));
  note_progress();
}

/// A destination that reconciles knows only now and then, after it looked, where to read from next time: that must be durable
/// before the first send, or a crash right after that send could not be reconciled.
void Runner::Impl::follow_health() {
  last_health = destination->health().state;
  circuit.set_reachable(last_health == destinations::HealthState::up, now());
  if (!destination->features().reconciles) return;
  const bool known = destination->reconciled();
  if (known && !was_reconciled) resume_saved = false;  // where to read from next time may have changed
  was_reconciled = known;
  const auto unsaved = [&] { return known && !resume_saved && !destination->resume_state().empty(); };
  if (unsaved()) save_if_due(true);
  must_save_first = unsaved();
}

void Runner::Impl::save_if_due(bool now_please) {
  if (now_please || (position_changed && now() >= save_at)) (void)save_position_now();
}

Result<void> Runner::Impl::save_position_now() {
  // The destination's resume state is past what it found, and the core does not know that yet.
  if (was_reconciled && !found.empty()) {
    save_at = now() + kTroubleWait;
    return fail(ErrorKind::unavailable, "journal-read", "what the destination has is still compared with the journal");
  }
  state::SavedPosition saved;
  {
    std::lock_guard lock(core_mutex);
    auto position = core.position();
    saved.low_water = position.low_water;
    saved.acknowledged = std::move(position.acknowledged);
  }
  saved.journal_id = journal.id();
  saved.resume = destination->resume_state();
  saved.replay_until = replay_until;
  saved.replay = replay_mark;
  const auto done = state.save_position(options.name, saved);
  save_at = now() + kSaveEvery;
  position_changed = !done;
  if (done) saved_low_water.store(saved.low_water);
  resume_saved = resume_saved || (done && !saved.resume.empty());
  set_problem(save_problem, done ? std::string() : "the position cannot be saved: " + describe(done.error()));
  if (!done) save_at = now() + kTroubleWait;
  return done;
}

}  // namespace user_events::delivery
