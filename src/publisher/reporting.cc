// What the publisher says of itself: status for people, metrics for Prometheus.
#include <fmt/format.h>

#include "observability/metrics.h"
#include "publisher/engine.h"
#include "user_events/version.h"

namespace user_events {
namespace {

std::string_view to_text(destinations::HealthState state) {
  switch (state) {
    case destinations::HealthState::starting: return "starting";
    case destinations::HealthState::reconciling: return "reconciling";
    case destinations::HealthState::up: return "up";
    case destinations::HealthState::down: return "down";
  }
  return "down";
}

std::vector<DeliveryGap> to_public(const std::vector<state::Gap>& gaps) {
  std::vector<DeliveryGap> out;
  for (const auto& gap : gaps) out.push_back({gap.first, gap.last, gap.events(), Timestamp(std::chrono::milliseconds(gap.at_ms)), gap.reason});
  return out;
}

AuditStatus to_public(audit::Stats&& stats) {
  AuditStatus out{stats.last_sequence, stats.records, stats.checkpoints, stats.disk_bytes, {}, stats.is_signed, std::move(stats.problem)};
  if (stats.checkpoint_ms != 0) out.checkpoint = Timestamp(std::chrono::milliseconds(stats.checkpoint_ms));
  return out;
}

DestinationStatus to_status(const RunningDestination& destination, publisher::LagState lag, std::uint64_t end) {
  const auto stats = destination.runner->stats();
  DestinationStatus out;
  out.name = destination.options.name;
  out.kind = destination.options.kind;
  out.state = stats.paused ? "paused" : to_text(stats.health.state);
  out.detail = stats.health.detail;
  out.acknowledged_sequence = stats.low_water;
  out.lag_events = end > stats.low_water ? end - stats.low_water : 0;
  const auto use = publisher::lag_use(destination.options, stats);
  out.lag_bytes = stats.lag_bytes;
  out.lag_age = stats.lag_age;
  out.lag_cap_used = use.share;
  out.lag_alarm = publisher::lag_alarm(lag, destination.options.lag_action);
  out.sent = stats.sent;
  out.delivered = stats.delivered;
  out.retries = stats.retries;
  out.in_doubt = stats.in_doubt;
  out.dead_letters = stats.dead_letters;
  out.letters = stats.letters;
  out.replayed = stats.replayed;
  out.paused = stats.paused;
  out.circuit_open = stats.circuit_open;
  out.dropped = stats.dropped;
  out.folded = stats.folded;
  out.erased = stats.erased;
  out.unmapped = stats.unmapped;
  out.lost_to_retention = stats.lost_to_retention;
  out.gaps = to_public(stats.gaps);
  out.notes = stats.health.notes;
  if (!out.lag_alarm.empty()) out.notes.push_back(publisher::lag_text(lag, destination.options.lag_action, use));
  return out;
}

/// Destinations whose positions are stored, while nothing is delivered. A position of another journal says nothing here.
std::vector<DestinationStatus> stored_destinations(state::State& state, const Status& status) {
  std::vector<DestinationStatus> out;
  const auto names = state.destinations();
  if (!names) return out;
  for (const auto& name : *names) {
    DestinationStatus& one = out.emplace_back();
    one.name = name;
    one.state = "stopped";
    const auto position = state.position(name);
    if (!position) one.detail = describe(position.error());
    if (position && *position && (*position)->journal_id == status.journal_id) one.acknowledged_sequence = (*position)->low_water;
    one.lag_events = status.last_sequence > one.acknowledged_sequence ? status.last_sequence - one.acknowledged_sequence : 0;
    one.letters = state.letter_counts(name).value_or(DeadLetterCounts{});
    one.dead_letters = one.letters.total();
    one.paused = state.is_paused(name).value_or(false);
    one.gaps = to_public(state.gaps(name, status.journal_id).value_or(std::vector<state::Gap>{}));
  }
  return out;
}

void add_letters(observability::MetricsText& text, const DestinationStatus& d) {
  const std::pair<DeadLetterState, std::uint64_t> counts[] = {{DeadLetterState::dead, d.letters.dead},
                                                              {DeadLetterState::held, d.letters.held},
                                                              {DeadLetterState::parked, d.letters.parked},
                                                              {DeadLetterState::replaying, d.letters.replaying},
                                                              {DeadLetterState::skipped, d.letters.skipped}};
  for (const auto& [state, count] : counts)
    text.gauge("user_events_destination_letters", "Letters of the dead letter store by state.", static_cast<double>(count),
               {{"destination", d.name}, {"kind", d.kind}, {"state", std::string(to_text(state))}});
}

}  // namespace

std::string_view version() noexcept { return UE_VERSION; }

Status UserEventPublisher::status() const {
  const auto journal = impl_->journal->stats();
  Status out;
  out.version = version();
  out.journal_id = impl_->journal->id();
  out.data_dir = impl_->options.data_dir;
  out.first_sequence = journal.first_sequence;
  out.last_sequence = journal.durable_sequence;
  out.disk_bytes = journal.disk_bytes;
  out.problem = journal.accepting ? impl_->housekeeper->lag_problem() : journal.problem;
  if (impl_->options.read_only) out.problem = "no daemon runs on this directory (read only)";
  out.accepting = out.problem.empty() && !impl_->closed.load();
  out.accepted = journal.records_accepted;
  out.duplicates = journal.duplicates;
  out.rejected = impl_->rejected.load(std::memory_order_relaxed);
  out.catalogue = impl_->types->status();
  if (impl_->audit) out.audit = to_public(impl_->audit->stats());
  if (out.audit.problem.empty()) out.audit.problem = impl_->why_not_indexed();
  out.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(ports::system_clock().steady() - impl_->started);
  for (std::size_t i = 0; i < impl_->destinations.size(); ++i)
    out.destinations.push_back(to_status(impl_->destinations[i], impl_->housekeeper->lag_state(i), out.last_sequence));
  if (impl_->options.read_only) out.destinations = stored_destinations(*impl_->state, out);
  return out;
}

std::string UserEventPublisher::metrics() const {
  const auto status = this->status();
  const auto journal = impl_->journal->stats();
  observability::MetricsText text;
  text.gauge("user_events_build_info", "Always 1; the version is the label.", 1, {{"version", status.version}});
  text.counter("user_events_accepted_total", "Events made durable since start.", static_cast<double>(status.accepted));
  text.counter("user_events_duplicates_total", "Repeated publishes answered with the first receipt.", static_cast<double>(status.duplicates));
  text.counter("user_events_rejected_total", "Requests and events refused since start.", static_cast<double>(status.rejected));
  text.gauge("user_events_accepting", "1 while publishing is possible.", status.accepting ? 1 : 0);
  text.gauge("user_events_journal_first_sequence", "Oldest event still held.", static_cast<double>(status.first_sequence));
  text.gauge("user_events_journal_last_sequence", "Last durable event.", static_cast<double>(status.last_sequence));
  text.gauge("user_events_journal_size_bytes", "Segments and indexes on disk.", static_cast<double>(status.disk_bytes));
  text.counter("user_events_journal_written_bytes_total", "Bytes written since start.", static_cast<double>(journal.bytes_written));
  text.counter("user_events_journal_syncs_total", "Group commits synced since start.", static_cast<double>(journal.syncs));
  text.counter("user_events_audit_records_total", "Records written to the audit log since start.", static_cast<double>(status.audit.records));
  text.counter("user_events_audit_checkpoints_total", "Checkpoints of both journals made since start.", static_cast<double>(status.audit.checkpoints));
  text.gauge("user_events_audit_last_checkpoint_timestamp_seconds", "When the last one was made, since start; 0: none yet.",
             status.audit.checkpoint ? static_cast<double>(status.audit.checkpoint->time_since_epoch().count()) / 1e3 : 0);
  text.gauge("user_events_audit_healthy", "0 while a record could not be written, or a checkpoint not be published.", status.audit.problem.empty() ? 1 : 0);
  text.gauge("user_events_audit_size_bytes", "The audit log on disk.", static_cast<double>(status.audit.disk_bytes));
  text.gauge("user_events_catalogue_versions", "Event types known, each version counted.", static_cast<double>(status.catalogue.versions));
  text.gauge("user_events_catalogue_reload_refused", "1 while the catalogue folder as it is now is refused; what was loaded before goes on.",
             status.catalogue.problem.empty() ? 0 : 1);
  for (const auto& d : status.destinations) {
    const observability::Labels labels{{"destination", d.name}, {"kind", d.kind}};
    text.gauge("user_events_destination_up", "1 while the destination takes events.", d.state == "up" ? 1 : 0, labels);
    text.gauge("user_events_destination_lag_events", "Accepted and not yet done there.", static_cast<double>(d.lag_events), labels);
    text.gauge("user_events_destination_lag_bytes", "The same in the journal's bytes, estimated.", static_cast<double>(d.lag_bytes), labels);
    text.gauge("user_events_destination_lag_seconds", "Age of the oldest event not yet done there.", std::chrono::duration<double>(d.lag_age).count(), labels);
    text.gauge("user_events_destination_lag_cap_used_ratio", "Share of the lag cap that is used most; 1: at the cap.", d.lag_cap_used, labels);
    text.gauge("user_events_destination_detached", "1 while retention no longer waits for this destination.", d.lag_alarm == "detached" ? 1 : 0, labels);
    text.counter("user_events_destination_delivered_total", "Acknowledged since start.", static_cast<double>(d.delivered), labels);
    text.counter("user_events_destination_retries_total", "Attempts that will be repeated.", static_cast<double>(d.retries), labels);
    text.counter("user_events_destination_in_doubt_total", "Attempts with an unknown outcome.", static_cast<double>(d.in_doubt), labels);
    text.counter("user_events_destination_lost_to_retention_total", "Removed from the journal before this destination had them (detached).", static_cast<double>(d.lost_to_retention), labels);
    text.counter("user_events_destination_attempts_total", "Sends that the destination took, repetitions included.", static_cast<double>(d.sent), labels);
    text.gauge("user_events_destination_dead_letters", "Events stored as dead letters or behind one.", static_cast<double>(d.dead_letters), labels);
    add_letters(text, d);
    text.gauge("user_events_destination_oldest_dead_letter_timestamp_seconds", "When the oldest dead letter was stored; 0: there is none.",
               d.letters.oldest ? static_cast<double>(d.letters.oldest->time_since_epoch().count()) / 1e3 : 0, labels);
    text.counter("user_events_destination_replayed_total", "Letters delivered from the dead letter store.", static_cast<double>(d.replayed), labels);
    text.gauge("user_events_destination_circuit_open", "1 while the destination as a whole takes nothing and is probed.", d.circuit_open ? 1 : 0, labels);
    text.counter("user_events_destination_dropped_total", "Events that a volume rule left out.", static_cast<double>(d.dropped), labels);
    text.counter("user_events_destination_erased_total", "Events passed over because their user was forgotten before they went out.", static_cast<double>(d.erased), labels);
    text.counter("user_events_destination_unmapped_total", "Events passed over because they have no counterpart in the format.", static_cast<double>(d.unmapped), labels);
    text.counter("user_events_destination_folded_total", "Events that another one stands for.", static_cast<double>(d.folded), labels);
    text.gauge("user_events_destination_paused", "1 while somebody has paused it.", d.paused ? 1 : 0, labels);
  }
  for (const auto& one : impl_->destinations) {
    if (one.registry == nullptr || !one.options.settings.contains("registry.url")) continue;
    const observability::Labels labels{{"destination", one.options.name}, {"kind", one.options.kind}};
    text.counter("user_events_registry_requests_total", "Requests to the schema registry of a destination since start.",
                 static_cast<double>(one.registry->calls()), labels);
    text.counter("user_events_registry_failures_total", "Those without an answer that says something of a schema.",
                 static_cast<double>(one.registry->failures()), labels);
  }
  text.process();
  return text.str();
}

}  // namespace user_events
