// A runner does what its core says, and tells it how that ended.
#include <algorithm>

#include "delivery/runner_impl.h"
#include "observability/log.h"

namespace user_events::delivery {
namespace {

constexpr std::uint32_t kActionBatch = 2'048;  ///< Actions between two polls.

}  // namespace

bool Runner::Impl::may_act() {
  // While it is not known what the broker has, nothing is stored either: a held event could be there already.
  // As `follow_health` saw it, which saves where to read from next time before the first send.
  busy = !knows_what_is_there() || must_save_first || halted;
  return !busy && !paused && !quiet;
}

/// True if there is more to do at once.
bool Runner::Impl::act() {
  starved = false;
  if (!may_act()) return false;
  const Time at = now();
  desk_first = !desk_first;
  std::lock_guard lock(core_mutex);
  const bool early = desk_first && act_desk(at);
  const bool more = !busy && act_core(at);
  const bool late = !desk_first && !busy && act_desk(at);
  return !busy && (early || more || late);
}

bool Runner::Impl::act_desk(Time at) {
  if (quiet_desk || stopping || settle_again_at) return false;
  for (std::uint32_t count = 0; count < kActionBatch; ++count) {
    const auto sending = desk.next(core, at);
    if (!sending) return false;
    const std::uint64_t sequence = sending->letter->sequence;
    switch (send(*sending)) {
      case Handover::queued:
        break;
      case Handover::not_now:
        desk.postpone(sequence, at);
        break;
      case Handover::refused:
        count_failure(destinations::Outcome::refused);
        desk.refuse(core, sequence, encoding_reason);
        break;
      case Handover::erased:
        erased.fetch_add(1, std::memory_order_relaxed);
        desk.pass_over(sequence);
        break;
      case Handover::unmapped:
        unmapped.fetch_add(1, std::memory_order_relaxed);
        desk.pass_over(sequence);
        break;
      case Handover::busy:
        desk.unsent(sequence);
        busy = true;
        return false;
    }
  }
  return true;
}

bool Runner::Impl::act_core(Time at) {
  for (std::uint32_t count = 0; count < kActionBatch; ++count) {
    const auto action = core.next_action(at);
    if (!action) {
      starved = core.in_flight() < max_in_flight;
      return false;
    }
    if (action->kind != ActionKind::send) {
      to_store.push_back(*action);
    } else if (desk.owns(action->sequence)) {
      core.unsent(action->sequence);  // reports name the sequence alone: one at a time
      return false;
    } else if (!hand_to_destination(*action, at)) {
      return false;
    }
  }
  return true;
}

void Runner::Impl::pass_over(std::uint64_t sequence) {
  core.pass_over(sequence);
  forget(sequence);
  note_progress();
}

/// False: the destination is busy.
bool Runner::Impl::hand_to_destination(const Action& action, Time at) {
  switch (send(action)) {
    case Handover::queued:
      return true;
    case Handover::not_now:
      core.postpone(action.sequence, at);
      return true;
    case Handover::refused:
      if (core.refuse(action.sequence, at)) {
        count_failure(destinations::Outcome::refused);
        reasons[action.sequence] = encoding_reason;
      }
      return true;
    case Handover::erased:
      erased.fetch_add(1, std::memory_order_relaxed);
      pass_over(action.sequence);
      return true;
    case Handover::unmapped:
      unmapped.fetch_add(1, std::memory_order_relaxed);
      pass_over(action.sequence);
      return true;
    case Handover::busy:
      break;
  }
  core.unsent(action.sequence);
  busy = true;
  return false;
}

Handover Runner::Impl::hand_over(const encoding::Envelope& envelope, destinations::Message& message) {
  auto encoded = encoder->encode(envelope, message.position, message);
  if (encoded.readiness != encoding::Readiness::ready) [[unlikely]] {
    if (encoded.readiness == encoding::Readiness::nothing) return Handover::unmapped;
    encoding_reason = std::move(encoded.reason);
    return encoded.readiness == encoding::Readiness::not_now ? Handover::not_now : Handover::refused;
  }
  if (destination->send(message) == destinations::SendStatus::busy) return Handover::busy;
  sent.fetch_add(1, std::memory_order_relaxed);
  return Handover::queued;
}

Handover Runner::Impl::send(const Action& action) {
  const auto* record = window.find(action.sequence);
  auto envelope = record != nullptr ? opener.open({record->id, record->type, record->key}, record->payload, opened)
                                    : Result<encoding::Envelope>(fail(ErrorKind::internal, "window", "it is not in memory"));
  if (!envelope && privacy::is_erased(envelope.error())) return Handover::erased;
  if (!envelope) {
    halted = true;
    set_problem(record_problem, "journal: the record " + std::to_string(action.sequence) + " cannot be read: " + describe(envelope.error()));
    return Handover::busy;
  }
  const std::uint32_t replay = action.sequence <= replay_until ? replay_mark : 0;
  destinations::Message message;
  message.position = {journal.id(), action.sequence, replay, folded_into(action.sequence)};
  return hand_over(*envelope, message);
}

void Runner::Impl::collect(milliseconds timeout) {
  reports.clear();
  destination->poll(reports, timeout);
  if (!reports.empty()) {
    const Time at = now();
    std::lock_guard lock(core_mutex);
    for (const auto& report : reports) {
      if (report.found_id_mark == 0 && desk.owns(report.sequence))
        apply_to_letter(report, at);
      else
        apply(report, at);
    }
  }
  // Here and nowhere later: the destination's resume state is past these events now, and a position that does not know them would,
  // saved with it, have them sent again after a crash.
  if (!found.empty() && destination->reconciled()) settle_found();
}

void Runner::Impl::count_failure(destinations::Outcome outcome) {
  using destinations::Outcome;
  const bool not_now = outcome == Outcome::retry || outcome == Outcome::unavailable;
  auto& counter = not_now ? retries : outcome == Outcome::in_doubt ? in_doubt : refused;
  counter.fetch_add(1, std::memory_order_relaxed);
}

void Runner::Impl::apply_to_letter(const destinations::Report& report, Time at) {
  using destinations::Outcome;
  if (report.outcome != Outcome::accepted) count_failure(report.outcome);
  desk.result(core, report.sequence, report.outcome, report.reason, at);
}

void Runner::Impl::apply(const destinations::Report& report, Time at) {
  using destinations::Outcome;
  if (report.found_id_mark != 0) {
    if (found.size() < kMaxFound) found[report.sequence] = report.found_id_mark;
    return;
  }
  if (report.outcome == Outcome::accepted) {
    if (!core.is_done(report.sequence)) {
      delivered.fetch_add(1, std::memory_order_relaxed);
      note_progress();
    }
    forget(report.sequence);
  } else {
    count_failure(report.outcome);
    if (report.outcome != Outcome::unavailable && !core.is_done(report.sequence)) reasons[report.sequence] = report.reason;
  }
  core.result(report.sequence, report.outcome, at);
}

/// Counts as delivered what reconciliation found, where the journal has the same event under that sequence: a journal restored from
/// an older copy has others, and those are sent.
void Runner::Impl::settle_found() {
  auto records = journal.reader(std::max(std::ranges::min_element(found)->first, journal.stats().first_sequence) - 1);
  const Time at = now();
  std::size_t others = 0;
  while (!found.empty()) {
    const auto chunk = records.next();
    // Not known yet, and not sent again before it is: the next turn tries anew.
    if (!chunk) return set_problem(found_problem, "journal: " + describe(chunk.error()));
    if (chunk->empty()) break;
    std::lock_guard lock(core_mutex);
    for (std::size_t i = 0; i < chunk->size(); ++i) {
      const auto& record = (*chunk)[i];
      const auto one = found.extract(record.sequence);
      if (one.empty() || core.is_done(record.sequence)) continue;
      if (destinations::id_mark(record.id) != one.mapped()) {
        ++others;
        continue;
      }
      delivered.fetch_add(1, std::memory_order_relaxed);
      note_progress();
      core.result(record.sequence, destinations::Outcome::accepted, at);
      forget(record.sequence);
    }
  }
  others += found.size();
  found.clear();
  set_problem(found_problem, {});
  if (others != 0)
    observability::log().warn("destination '{}': it holds {} event(s) under this journal's id that the journal does not hold there (restored "
                              "from an older copy?); the journal's events are sent", options.name, others);
}

}  // namespace user_events::delivery
