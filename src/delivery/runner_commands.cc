// What people ask of a runner. Done on its thread, between two batches, so that nothing is under way that contradicts it.
#include <fmt/format.h>

#include "base/hash64.h"
#include "base/try.h"
#include "delivery/runner_impl.h"
#include "observability/log.h"

namespace user_events::delivery {

/// Runs `run` on the runner's thread once what it needs is the case.
Result<void> Runner::Impl::ask(Command::Needs needs, std::move_only_function<Result<void>()> run) {
  Command command{.needs = needs, .run = std::move(run), .done = {}, .given_up = std::make_shared<std::atomic<bool>>(false)};
  auto done = command.done.get_future();
  const auto given_up = command.given_up;
  {
    std::lock_guard lock(command_mutex);
    if (ended) return fail(ErrorKind::unavailable, "stopping", "the destination is stopping; nothing was changed");
    commands.push_back(std::move(command));
  }
  destination->wake();
  // Whoever is first, the runner that begins or the caller that leaves, decides.
  if (done.wait_for(kCommandWait) != std::future_status::ready && !given_up->exchange(true))
    return fail(ErrorKind::unavailable, "destination-occupied",
                fmt::format("destination '{}' still waits for the outcome of what it has sent; nothing was changed", options.name),
                "try again, or see `user-events status` for what is wrong there");
  return done.get();
}

void Runner::Impl::run_commands() {
  for (;;) {
    quiet = quiet_desk = false;
    Command command;
    {
      std::lock_guard lock(command_mutex);
      if (commands.empty()) return;
      Command& next = commands.front();
      quiet_desk = next.needs != Command::Needs::nothing;
      quiet = next.needs == Command::Needs::quiet;
      const bool must_wait = (quiet_desk && desk.in_flight() != 0) || (quiet && (core.in_flight() != 0 || !to_store.empty()));
      if (must_wait && !next.given_up->load()) return;
      command = std::move(next);
      commands.pop_front();
    }
    if (command.given_up->exchange(true)) continue;
    // What was delivered or stored must be in the position before letters change: a crash would send it again from the journal.
    work_on_letters();
    Result<void> done = save_position_now();
    if (done) done = command.run();
    letters_changed = true;
    count_letters();
    command.done.set_value(std::move(done));
  }
}

Result<std::optional<DeadLetterReplay>> Runner::replay_letters(const DeadLetterFilter& filter, const ReplayOptions& options) {
  Impl& one = *impl_;
  std::optional<DeadLetterReplay> replay;
  const auto done = one.ask(Command::Needs::quiet_desk, [&]() -> Result<void> {
    UE_TRY_ASSIGN(replay, one.state.start_replay(one.options.name, filter, options, one.clock.wall().time_since_epoch().count()));
    if (!replay) return {};
    observability::log().info("destination '{}': replay {} of {} dead letter(s) begins", one.options.name, replay->number, replay->total);
    std::lock_guard lock(one.core_mutex);
    return one.load_lines();
  });
  if (!done) return std::unexpected(done.error());
  return replay;
}

Result<void> Runner::cancel_replay(std::uint64_t number) {
  Impl& one = *impl_;
  return one.ask(Command::Needs::quiet_desk, [&one, number]() -> Result<void> {
    UE_TRY(one.state.cancel_replay(number, one.clock.wall().time_since_epoch().count()));
    std::lock_guard lock(one.core_mutex);
    return one.load_lines();
  });
}

Result<std::uint64_t> Runner::discard_letters(const DeadLetterFilter& filter, const std::string& reason, const std::string& by) {
  Impl& one = *impl_;
  std::uint64_t count = 0;
  const auto done = one.ask(Command::Needs::quiet_desk, [&]() -> Result<void> {
    UE_TRY_ASSIGN(const auto discarded, one.state.discard(one.options.name, filter, {reason, by, one.clock.wall().time_since_epoch().count()}));
    count = discarded.letters;
    if (count == 0) return {};
    observability::log().warn("destination '{}': {} dead letter(s) discarded by {}: {}", one.options.name, count, by.empty() ? "unknown" : by, reason);
    std::lock_guard lock(one.core_mutex);
    UE_TRY(one.load_lines());
    // A line that is empty now is released by the desk.
    for (const auto& key : discarded.keys) one.desk.line_changed(key);
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return count;
}

Result<void> Runner::set_paused(bool paused) {
  Impl& one = *impl_;
  return one.ask(Command::Needs::nothing, [&one, paused]() -> Result<void> {
    UE_TRY(one.state.set_paused(one.options.name, paused));
    if (one.paused.exchange(paused) != paused) observability::log().info("destination '{}' is {}", one.options.name, paused ? "paused" : "resumed");
    return {};
  });
}

Result<RewindResult> Runner::rewind(std::uint64_t sequence) {
  Impl& one = *impl_;
  RewindResult out;
  const auto done = one.ask(Command::Needs::quiet, [&]() -> Result<void> {
    UE_TRY_ASSIGN(out, one.rewind_to(sequence));
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return out;
}

Result<RewindResult> Runner::Impl::rewind_to(std::uint64_t sequence) {
  const auto stats = journal.stats();
  const auto position = core.position();
  const std::uint64_t offered = core.next_offer() - 1;
  const std::uint64_t last = position.acknowledged.empty() ? offered : std::max(offered, position.acknowledged.back().second - 1);
  if (sequence < stats.first_sequence || sequence > last)
    return fail(ErrorKind::invalid, "rewind-target",
                fmt::format("destination '{}' can be replayed from sequence {} to {}; {} is not among them", options.name, stats.first_sequence, last, sequence),
                "choose a sequence that the journal still holds and that the destination has come to");
  state::SavedPosition saved{journal.id(), sequence - 1, {}, destination->resume_state(), last, replay_mark + 1};
  UE_TRY(state.save_position(options.name, saved));
  replay_until = last;
  ++replay_mark;
  std::lock_guard lock(core_mutex);
  core = Core(core_options(), {sequence - 1, {}});
  UE_TRY(load_lines());
  reader.seek(sequence - 1);
  read_up_to = sequence - 1;
  unread = {};
  unread_at = 0;
  expired_until = 0;
  window.clear();
  reasons.clear();
  found.clear();
  UE_TRY_ASSIGN(volume, Volume::make(options.volume));
  folds.clear();
  left_out.clear();
  offered_ms = 0;
  saved_low_water.store(sequence - 1);
  low_water.store(sequence - 1);
  read_again_at.reset();
  note_progress();
  observability::log().warn("destination '{}' begins again at sequence {}; what it had up to {} is sent again, marked as replay {}", options.name, sequence,
                            last, replay_mark);
  return RewindResult{sequence, last, replay_mark};
}

}  // namespace user_events::delivery
