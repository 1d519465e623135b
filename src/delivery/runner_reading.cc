// A runner reads the journal into its core: only as far as the core, its memory and the destination have use for.
#include <algorithm>

#include "delivery/runner_impl.h"

#include "base/hash64.h"
#include "base/try.h"
#include "delivery/start_position.h"

namespace user_events::delivery {
namespace {

constexpr std::uint32_t kReadAhead = 4'096;  ///< Events that wait in the core; more are read only when all of them are blocked.

}  // namespace

bool Runner::Impl::has_use_for_more() const {
  return !halted && !read_again_at && core.wants_more() && window.has_room() &&
         (starved || core.pending() - core.in_flight() < kReadAhead);
}

/// Which event stands for which in a fold is decided when they are offered: what the destination has already must be known by then, or it would
/// count for those that join it only now.
bool Runner::Impl::must_know_first() const {
  return !options.volume.empty() && !knows_what_is_there();
}

bool Runner::Impl::may_read() const {
  if (!has_use_for_more()) return false;
  if (unread_at < unread.size()) return !must_know_first();
  return read_up_to < journal.durable_sequence() || core.next_offer() < expired_until;
}

void Runner::Impl::read_more() {
  if (read_again_at && now() >= *read_again_at) read_again_at.reset();
  while (may_read()) {
    if (core.next_offer() < expired_until) {
      skip_expired();
    } else if (unread_at < unread.size()) {
      offer_unread();
    } else if (auto taken = take_chunk(); !taken) {
      // Damage is never skipped: the reader answers the same again until somebody repaired it.
      set_problem(read_problem, "journal: " + describe(taken.error()));
      read_again_at = now() + kTroubleWait;
    } else if (unread.empty()) {
      break;
    }
  }
}

Result<void> Runner::Impl::take_chunk() {
  auto chunk = reader.next();
  if (!chunk && chunk.error().code == "expired") {
    return skip_gap(journal.stats().first_sequence);
  }
  if (!chunk) return std::unexpected(std::move(chunk).error());
  unread = std::move(*chunk);
  unread_at = 0;
  if (unread.empty()) return {};
  if (unread.first_sequence() != read_up_to + 1) {
    const std::uint64_t first = unread.first_sequence();
    unread = {};
    reader.seek(read_up_to);
    return fail(ErrorKind::damaged, "journal-gap",
                "after record " + std::to_string(read_up_to) + " comes record " + std::to_string(first));
  }
  read_up_to = unread.last_sequence();
  window.push(unread);
  set_problem(read_problem, {});
  return {};
}

/// What lies before `first_held` was removed from the journal before it was read: on record before anything goes on behind it.
Result<void> Runner::Impl::skip_gap(std::uint64_t first_held) {
  state::Gap gap{.first = core.next_offer(), .last = first_held - 1};
  for (const auto& [from, to] : core.position().acknowledged)
    if (to > gap.first && from <= gap.last) gap.delivered.emplace_back(std::max(from, gap.first), std::min(to, first_held));
  UE_TRY_ASSIGN(gap, record_gap(options, journal, state, clock, std::move(gap)));
  UE_TRY_ASSIGN(auto on_record, state.gaps(options.name, journal.id()));
  lost_to_retention.fetch_add(gap.events());
  {
    std::lock_guard lock(problem_mutex);
    gaps = std::move(on_record);
  }
  expired_until = first_held;
  reader.seek(expired_until - 1);
  read_up_to = expired_until - 1;
  return {};
}

void Runner::Impl::offer_unread() {
  std::lock_guard lock(core_mutex);
  const std::uint64_t mark = core.low_water();
  bool skipped = false;
  const std::size_t use = starved ? unread.size() : kReadAhead - (core.pending() - core.in_flight());
  const std::size_t end = std::min(unread.size(), unread_at + use);
  offered_at = now();
  for (; unread_at < end && core.wants_more(); ++unread_at) {
    const auto& record = unread[unread_at];
    offered_ms = record.accepted_ms;
    if (record.type != last_type) {
      last_type = record.type;
      last_type_matches = filter.matches(record.type);
    }
    if (last_type_matches) {
      offer(record);
    } else {
      core.skip(record.sequence);
      skipped = true;
    }
  }
  if (skipped || core.low_water() != mark) note_progress();
}

void Runner::Impl::offer(const journal::RecordView& record) {
  const auto key = [&] { return base::hash64(record.key, key_seed); };
  const auto decision = volume.decide(record);
  switch (decision.verdict) {
    case Volume::Verdict::pass: return core.offer(record.sequence, key());
    case Volume::Verdict::carry: return core.carry(record.sequence, key());
    case Volume::Verdict::drop:
      dropped.fetch_add(1, std::memory_order_relaxed);
      core.skip(record.sequence);
      return leave_out(record.sequence);
    case Volume::Verdict::join:
      if (core.join(record.sequence, decision.carrier)) {
        folded.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      volume.carry_instead(record.sequence);
      return core.carry(record.sequence, key());
  }
}

/// All that is durable has been offered: only then the clock says which folds are complete.
bool Runner::Impl::is_at_end() const { return unread_at >= unread.size() && read_up_to >= journal.durable_sequence(); }

void Runner::Impl::leave_out(std::uint64_t sequence) {
  if (left_out.size() >= kMaxLeftOut) left_out.pop_front();
  left_out.push_back(sequence);
}

bool Runner::Impl::is_left_out(std::uint64_t sequence) const {
  std::lock_guard lock(core_mutex);
  return std::ranges::binary_search(left_out, sequence);
}

/// Lets go what nothing can join any more. By the clock only at the end of the journal: else records that are still to be read say how late it
/// is. A wall clock that was set back does not hold up a fold: the journal's times do not go back with it. When there is no room to read on, all
/// are let go.
void Runner::Impl::close_folds() {
  if (volume.next_close_ms() == 0) return;
  if (!core.wants_more() || !window.has_room()) volume.close_all();
  std::int64_t journal_ms = offered_ms;
  if (is_at_end()) {
    const milliseconds since = std::chrono::floor<milliseconds>(now() - offered_at);
    const milliseconds late = std::max(clock.wall().time_since_epoch(), milliseconds(offered_ms) + since) - kFoldGrace;
    journal_ms = std::max<std::int64_t>(journal_ms, late.count());
  }
  closed_folds.clear();
  volume.take_closed(journal_ms, closed_folds);
  std::lock_guard lock(core_mutex);
  for (const auto& fold : closed_folds) {
    if (fold.events > 1 && !core.is_done(fold.carrier)) folds[fold.carrier] = fold.events;
    core.close_fold(fold.carrier);
  }
}

void Runner::Impl::skip_expired() {
  std::lock_guard lock(core_mutex);
  while (core.wants_more() && core.next_offer() < expired_until) core.skip(core.next_offer());
  note_progress();
}

}  // namespace user_events::delivery
