#include "delivery/start_position.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/try.h"
#include "observability/log.h"

namespace user_events::delivery {
namespace {

/// The low-water mark of a destination that has none yet.
Result<std::uint64_t> first_low_water(const DestinationOptions& options, std::uint64_t first, std::uint64_t end) {
  if (options.start == "beginning") return first - 1;
  if (options.start == "now") return end;
  std::uint64_t sequence = 0;
  const char* text_end = options.start.data() + options.start.size();
  const auto [stop, code] = std::from_chars(options.start.data(), text_end, sequence);
  if (code != std::errc() || stop != text_end || sequence == 0)
    return fail(ErrorKind::usage, "destination-start",
                fmt::format("destination '{}': start = \"{}\" is not a place in the journal", options.name, options.start),
                "use beginning, now, or the sequence of the first event to deliver");
  if (sequence > end + 1)
    return fail(ErrorKind::usage, "destination-start",
                fmt::format("destination '{}': start = {} is beyond the journal's end, {}", options.name, sequence, end),
                "use now to begin with the next event");
  return std::max(sequence, first) - 1;
}

Result<void> save(const DestinationOptions& options, const std::string& journal_id, const StartPosition& start,
                  state::State& state) {
  return state.save_position(options.name, {journal_id, start.position.low_water, start.position.acknowledged, start.resume, 0, 0});
}

}  // namespace

Result<state::Gap> record_gap(const DestinationOptions& options, const journal::Journal& journal, state::State& state, const ports::Clock& clock,
                              state::Gap gap) {
  gap.at_ms = clock.wall().time_since_epoch().count();
  gap.reason = options.lag_action == LagAction::detach ? "removed by retention while the destination was over its lag cap (lag_action = \"detach\")"
                                                       : "removed by retention before the destination had them";
  UE_TRY(state.record_gap(options.name, journal.id(), gap));
  observability::log().error("destination '{}': {} events between sequences {} and {} were {}", options.name, gap.events(), gap.first, gap.last, gap.reason);
  return gap;
}

Result<StartPosition> find_start(const DestinationOptions& options, const journal::Journal& journal, state::State& state, const ports::Clock& clock) {
  const auto stats = journal.stats();
  const std::uint64_t first = stats.first_sequence, end = stats.durable_sequence;
  StartPosition start;
  UE_TRY_ASSIGN(auto saved, state.position(options.name));
  if (!saved) {
    UE_TRY_ASSIGN(start.position.low_water, first_low_water(options, first, end));
    UE_TRY(save(options, journal.id(), start, state));
    return start;
  }
  const bool beyond_end = saved->low_water > end || (!saved->acknowledged.empty() && saved->acknowledged.back().second > end + 1);
  if (saved->journal_id != journal.id() || beyond_end) {
    start.same_journal = false;
    start.position.low_water = first - 1;
    start.note = fmt::format("the saved position belongs to another journal ({}): everything from sequence {} on is delivered again",
                             saved->journal_id != journal.id() ? saved->journal_id : "one with a later end", first);
    observability::log().warn("destination '{}': {}", options.name, start.note);
    UE_TRY(save(options, journal.id(), start, state));
    return start;
  }
  start.position = {saved->low_water, std::move(saved->acknowledged)};
  start.resume = std::move(saved->resume);
  start.replay_until = saved->replay_until;
  start.replay = saved->replay;
  if (start.position.low_water + 1 < first) {
    state::Gap gap{.first = start.position.low_water + 1, .last = first - 1};
    for (const auto& [from, to] : start.position.acknowledged)
      if (from < first) gap.delivered.emplace_back(from, std::min(to, first));
    start.lost_to_retention = gap.events();
    if (const auto recorded = record_gap(options, journal, state, clock, std::move(gap)); !recorded)
      observability::log().error("destination '{}': what retention has removed before it had it cannot be recorded: {}", options.name,
                                 describe(recorded.error()));
    start.position.low_water = first - 1;
  }
  return start;
}

}  // namespace user_events::delivery
