// status: what the daemon, or a data directory, says about itself.
#include <fmt/format.h>

#include "base/try.h"
#include "cli/commands.h"
#include "cli/event_source.h"
#include "cli/output.h"
#include "cli/time_switch.h"

namespace user_events::cli {
namespace {

std::string uptime_text(std::chrono::milliseconds uptime) {
  const auto seconds = uptime.count() / 1'000;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7'200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3'600);
  return fmt::format("{} days", seconds / 86'400);
}

/// `12: 3 dead, 9 held; the oldest since …`
std::string letters_text(const DestinationStatus& d) {
  const auto& counts = d.letters;
  std::string kinds;
  for (const auto& [count, word] : {std::pair{counts.dead, "dead"}, std::pair{counts.held, "held behind them"}, std::pair{counts.parked, "parked"},
                                    std::pair{counts.replaying, "replaying"}, std::pair{counts.skipped, "skipped"}})
    if (count != 0) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", grouped(count), word);
  std::string out = grouped(d.dead_letters);
  if (!kinds.empty()) out += ": " + kinds;
  if (counts.oldest) out += "; the oldest since " + time_text(*counts.oldest);
  return out;
}

std::string destination_text(const DestinationStatus& d) {
  std::string out = fmt::format("\n{} ({}): {}{}{}\n", d.name, d.kind, d.state, d.paused && d.state != "paused" ? ", paused" : "",
                                d.circuit_open ? ", circuit open: one event at a time probes it" : "");
  if (!d.detail.empty()) out += fmt::format("  {}\n", d.detail);
  out += fmt::format("  waiting        {} (acknowledged up to number {})\n", grouped(d.lag_events),
                     d.acknowledged_sequence);
  out += fmt::format("  since start    {} delivered, {} retries, {} in doubt", grouped(d.delivered),
                     grouped(d.retries), grouped(d.in_doubt));
  if (d.replayed != 0) out += fmt::format(", {} delivered from the dead letters", grouped(d.replayed));
  if (d.dropped + d.folded != 0) out += fmt::format(", {} left out by volume rules", grouped(d.dropped + d.folded));
  out += '\n';
  out += fmt::format("  dead letters   {}\n", letters_text(d));
  for (const auto& gap : d.gaps)
    out += fmt::format("  never had      {}, numbers {} to {}: {}; noticed {}\n", counted(gap.events, "event"), gap.first, gap.last, gap.reason, time_text(gap.at));
  for (const auto& note : d.notes) out += fmt::format("  note           {}\n", note);
  return out;
}

std::string status_text(const Status& status, bool is_directory) {
  std::string out;
  if (is_directory)
    out += "no daemon: read from the data directory\n";
  else
    out += fmt::format("user-events {}, up for {}, {}\n", status.version, uptime_text(status.uptime),
                       status.accepting ? "accepting events" : "NOT accepting events");
  if (!status.problem.empty()) out += fmt::format("problem          {}\n", status.problem);
  out += fmt::format("data             {} ({:.1f} MB on disk, journal {})\n", status.data_dir,
                     static_cast<double>(status.disk_bytes) / 1e6, status.journal_id);
  out += status.last_sequence == 0 ? "events           none\n"
                                   : fmt::format("events           numbers {} to {}\n", status.first_sequence,
                                                 status.last_sequence);
  if (!is_directory)
    out += fmt::format("since start      {} accepted, {} repeated, {} refused\n", grouped(status.accepted),
                       grouped(status.duplicates), grouped(status.rejected));
  if (!is_directory)
    out += fmt::format("event types      {} in {} versions, as of {}\n", status.catalogue.types, status.catalogue.versions,
                       status.catalogue.loaded);
  if (!status.catalogue.problem.empty())
    out += fmt::format("  refused        a reload of the catalogue: {}\n", status.catalogue.problem);
  if (status.destinations.empty() && !is_directory) out += "destinations     none configured\n";
  for (const auto& destination : status.destinations) out += destination_text(destination);
  return out;
}

// Everything printable, line by line.
std::string printable_lines(std::string_view text) {
  std::string out;
  for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
    out += printable(text.substr(0, end)) + "\n";
  return out;
}

}  // namespace

Result<void> status(const StatusArguments& arguments) {
  UE_TRY_ASSIGN(const auto source, open_source(arguments.client, arguments.data_dir));
  if (arguments.json) {
    UE_TRY_ASSIGN(const std::string json, source->status_json());
    return write_result(json + "\n");
  }
  UE_TRY_ASSIGN(const Status status, source->status());
  return write_result(printable_lines(status_text(status, !arguments.data_dir.empty())));
}

}  // namespace user_events::cli
