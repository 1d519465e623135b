// What people ask of a runner. Done on its thread, between two batches, so that nothing is under way that contradicts it.
#include <fmt/format.h>

#include "base/hash64.h"
#include "base/try.h"
#include "delivery/runner_impl.h"
#include "observability/log.h"

namespace user_events::delivery {
namespace {

/// What of `position` still holds when everything from `sequence` on is to be sent again: what is not done before it is not skipped.
CorePosition before(CorePosition position, std::uint64_t sequence) {
  position.low_water = std::min(position.low_water, sequence - 1);
  for (auto& [from, to] : position.acknowledged) to = std::min(to, sequence);
  std::erase_if(position.acknowledged, [](const auto& range) { return range.first >= range.second; });
  return position;
}

}  // namespace

std::future<Result<void>> Runner::Impl::submit(Command command) {
  auto done = command.done.get_future();
  {
    std::lock_guard lock(command_mutex);
    if (ended)
      command.done.set_value(fail(ErrorKind::unavailable, "stopping", "the destination is stopping; nothing was changed"));
    else
      commands.push_back(std::move(command));
  }
  destination->wake();
  return done;
}

/// Runs `run` on the runner's thread once what it needs is the case.
Result<void> Runner::Impl::ask(Command::Needs needs, std::move_only_function<Result<void>()> run) {
  const auto given_up = std::make_shared<std::atomic<bool>>(false);
  auto done = submit({.needs = needs, .run = std::move(run), .done = {}, .given_up = given_up});
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
      // What reconciliation finds later would count as the answer to what is sent from now on.
      const bool known = knows_what_is_there() && !must_save_first;
      const bool must_wait = (quiet_desk && desk.in_flight() != 0) || (quiet && (core.in_flight() != 0 || !to_store.empty() || !known));
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
  std::optional<DeadLetterReplay> replay;
  const auto done = impl_->ask(Command::Needs::quiet_desk, [&]() -> Result<void> {
    UE_TRY_ASSIGN(replay, impl_->start_replay(filter, options));
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return replay;
}

Result<std::optional<DeadLetterReplay>> Runner::Impl::start_replay(const DeadLetterFilter& which, const ReplayOptions& how) {
  UE_TRY_ASSIGN(auto replay, state.start_replay(options.name, which, how, clock.wall().time_since_epoch().count()));
  if (!replay) return replay;
  observability::log().info("destination '{}': replay {} of {} dead letter(s) begins", options.name, replay->number, replay->total);
  std::lock_guard lock(core_mutex);
  UE_TRY(load_lines());
  return replay;
}

Result<void> Runner::cancel_replay(std::uint64_t number) {
  return impl_->ask(Command::Needs::quiet_desk, [this, number] { return impl_->stop_replay(number); });
}

Result<void> Runner::Impl::stop_replay(std::uint64_t number) {
  UE_TRY(state.cancel_replay(number, clock.wall().time_since_epoch().count()));
  std::lock_guard lock(core_mutex);
  return load_lines();
}

Result<std::uint64_t> Runner::discard_letters(const DeadLetterFilter& filter, const std::string& reason, const std::string& by) {
  std::uint64_t count = 0;
  const auto done = impl_->ask(Command::Needs::quiet_desk, [&]() -> Result<void> {
    UE_TRY_ASSIGN(count, impl_->discard(filter, reason, by));
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return count;
}

Result<std::uint64_t> Runner::Impl::discard(const DeadLetterFilter& which, const std::string& reason, const std::string& by) {
  UE_TRY_ASSIGN(const auto discarded, state.discard(options.name, which, {reason, by, clock.wall().time_since_epoch().count()}));
  if (discarded.letters == 0) return 0;
  observability::log().warn("destination '{}': {} dead letter(s) discarded by {}: {}", options.name, discarded.letters, by.empty() ? "unknown" : by, reason);
  std::lock_guard lock(core_mutex);
  UE_TRY(load_lines());
  // A line that is empty now is released by the desk.
  for (const auto& key : discarded.keys) desk.line_changed(key);
  return discarded.letters;
}

Result<void> Runner::set_paused(bool paused) {
  return impl_->ask(Command::Needs::nothing, [this, paused] { return impl_->pause(paused); });
}

Result<void> Runner::Impl::pause(bool wanted) {
  UE_TRY(state.set_paused(options.name, wanted));
  if (paused.exchange(wanted) != wanted) observability::log().info("destination '{}' is {}", options.name, wanted ? "paused" : "resumed");
  return {};
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
  auto position = core.position();
  // An earlier one that has not come to its end goes on in this one.
  std::uint64_t last = std::max(core.next_offer() - 1, replay_until);
  if (!position.acknowledged.empty()) last = std::max(last, position.acknowledged.back().second - 1);
  if (sequence < stats.first_sequence || sequence > last)
    return fail(ErrorKind::invalid, "rewind-target",
                fmt::format("destination '{}' can be replayed from sequence {} to {}; {} is not among them", options.name, stats.first_sequence, last, sequence),
                "choose a sequence that the journal still holds and that the destination has come to");
  position = before(std::move(position), sequence);
  // All that can fail comes first: core and reader begin again together, or not at all.
  UE_TRY_ASSIGN(const auto held, state.held_keys(options.name, journal.id()));
  UE_TRY_ASSIGN(auto empty_volume, Volume::make(options.volume, opener));
  state::SavedPosition saved{journal.id(), position.low_water, position.acknowledged, destination->resume_state(), last, replay_mark + 1};
  UE_TRY(state.save_position(options.name, saved));
  replay_until = last;
  ++replay_mark;
  std::lock_guard lock(core_mutex);
  core = Core(core_options(), position);
  take_lines(held);
  reader.seek(position.low_water);
  read_up_to = position.low_water;
  unread = {};
  unread_at = 0;
  expired_until = 0;
  window.clear();
  reasons.clear();
  found.clear();
  volume = std::move(empty_volume);
  folds.clear();
  left_out.clear();
  offered_ms = 0;
  saved_low_water.store(position.low_water);
  low_water.store(position.low_water);
  read_again_at.reset();
  note_progress();
  observability::log().warn("destination '{}' begins again at sequence {}; what it had up to {} is sent again, marked as replay {}", options.name, sequence,
                            last, replay_mark);
  return RewindResult{sequence, last, replay_mark};
}

}  // namespace user_events::delivery
