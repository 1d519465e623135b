// What a runner makes durable: dead letters and the position.
#include <algorithm>

#include "delivery/runner_impl.h"

#include "observability/log.h"

namespace user_events::delivery {
namespace {

constexpr milliseconds kSaveEvery{250};    ///< The position, while it changes.
constexpr std::size_t kLetterBatch = 256;  ///< Dead letters in one transaction.
constexpr std::size_t kLetterBatchBytes = 4u << 20;

/// One line a transaction: when a destination refuses everything, the log must stay readable.
void log_heads(const std::string& destination, const std::vector<state::DeadLetter>& letters) {
  const auto heads = std::ranges::count_if(letters, &state::DeadLetter::head);
  if (heads == 0) return;
  const auto first = std::ranges::find_if(letters, &state::DeadLetter::head);
  observability::log().warn("destination '{}': event {} (sequence {}) is a dead letter{}: {}", destination, first->id, first->sequence,
                            heads > 1 ? " (and " + std::to_string(heads - 1) + " more)" : "", first->reason);
}

}  // namespace

std::vector<state::DeadLetter> Runner::Impl::letters_to_store() {
  std::vector<state::DeadLetter> letters;
  std::size_t bytes = 0;
  for (const ToStore& one : to_store) {
    if (letters.size() >= kLetterBatch || bytes >= kLetterBatchBytes) break;
    const auto* record = window.find(one.sequence);
    if (record == nullptr) break;
    const auto reason = reasons.find(one.sequence);
    state::DeadLetter letter;
    letter.sequence = one.sequence;
    letter.head = one.head;
    letter.id = record->id;
    letter.type = record->type;
    letter.key = record->key;
    letter.reason = !one.head ? "waits behind a dead letter of the same key" : reason != reasons.end() ? reason->second : "refused";
    letter.since_ms = clock.wall().time_since_epoch().count();
    letter.payload = record->payload;
    bytes += record->payload.size();
    letters.push_back(std::move(letter));
  }
  return letters;
}

void Runner::Impl::store_letters() {
  if (to_store.empty() || (store_again_at && now() < *store_again_at)) return;
  const auto letters = letters_to_store();
  const auto added = state.store_dead_letters(options.name, letters);
  if (!added) {
    store_again_at = now() + kTroubleWait;
    return set_problem(store_problem, "a dead letter cannot be stored: " + describe(added.error()));
  }
  store_again_at.reset();
  set_problem(store_problem, {});
  dead_letters.fetch_add(*added);
  log_heads(options.name, letters);
  std::lock_guard lock(core_mutex);
  for (const auto& letter : letters) {
    core.stored(letter.sequence);
    reasons.erase(letter.sequence);
  }
  to_store.erase(to_store.begin(), to_store.begin() + static_cast<std::ptrdiff_t>(letters.size()));
  note_progress();
}

/// A destination that reconciles knows only now and then, after it looked, where to read from next time: that must be durable
/// before the first send, or a crash right after that send could not be reconciled.
void Runner::Impl::follow_health() {
  last_health = destination->health().state;
  if (!destination->features().reconciles) return;
  const bool known = destination->reconciled();
  if (known && !was_reconciled) resume_saved = false;  // where to read from next time may have changed
  was_reconciled = known;
  const auto unsaved = [&] { return known && !resume_saved && !destination->resume_state().empty(); };
  if (unsaved()) save_if_due(true);
  must_save_first = unsaved();
}

void Runner::Impl::save_if_due(bool now_please) {
  if (!now_please && (!position_changed || now() < save_at)) return;
  state::SavedPosition saved;
  {
    std::lock_guard lock(core_mutex);
    auto position = core.position();
    saved.low_water = position.low_water;
    saved.acknowledged = std::move(position.acknowledged);
  }
  saved.journal_id = journal.id();
  saved.resume = destination->resume_state();
  const auto done = state.save_position(options.name, saved);
  save_at = now() + kSaveEvery;
  position_changed = !done;
  if (done) saved_low_water.store(saved.low_water);
  resume_saved = resume_saved || (done && !saved.resume.empty());
  set_problem(save_problem, done ? std::string() : "the position cannot be saved: " + describe(done.error()));
  if (!done) save_at = now() + kTroubleWait;
}

}  // namespace user_events::delivery
