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

std::string gap_text(std::uint64_t events, std::uint64_t first, std::uint64_t last) {
  return fmt::format("{} events between sequences {} and {} were removed by retention before delivery", events, first, last);
}

Result<StartPosition> find_start(const DestinationOptions& options, const journal::Journal& journal, state::State& state) {
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
    start.lost_to_retention = first - 1 - start.position.low_water;
    for (const auto& [from, to] : start.position.acknowledged)
      if (from < first) start.lost_to_retention -= std::min(to, first) - from;
    start.note = gap_text(start.lost_to_retention, start.position.low_water + 1, first - 1);
    observability::log().error("destination '{}': {}", options.name, start.note);
    start.position.low_water = first - 1;
  }
  return start;
}

}  // namespace user_events::delivery
