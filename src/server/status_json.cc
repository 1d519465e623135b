#include "server/status_json.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "server/delivery_json.h"

namespace user_events::server {
namespace {

using base::ObjectWriter;
using base::append_array;

void append_counts(const DeadLetterCounts& counts, std::string& out) {
  ObjectWriter object(out);
  object.number("dead", counts.dead);
  object.number("held", counts.held);
  object.number("parked", counts.parked);
  object.number("replaying", counts.replaying);
  object.number("skipped", counts.skipped);
  append_optional_time(counts.oldest, object.key("oldest"));
  object.end();
}

void append_catalogue(const CatalogueStatus& catalogue, std::string& out) {
  ObjectWriter object(out);
  object.number("types", catalogue.types);
  object.number("versions", catalogue.versions);
  object.text("loaded", catalogue.loaded);
  object.number("reloads", catalogue.reloads);
  object.text("problem", catalogue.problem);
  object.end();
}

void append_audit(const AuditStatus& audit, std::string& out) {
  ObjectWriter object(out);
  object.number("lastSequence", audit.last_sequence);
  object.number("records", audit.records);
  object.number("checkpoints", audit.checkpoints);
  append_optional_time(audit.checkpoint, object.key("lastCheckpoint"));
  object.boolean("signed", audit.is_signed);
  object.number("diskBytes", audit.disk_bytes);
  object.text("problem", audit.problem);
  object.end();
}

void append_gap(const DeliveryGap& gap, std::string& out) {
  ObjectWriter object(out);
  object.number("first", gap.first);
  object.number("last", gap.last);
  object.number("events", gap.events);
  append_optional_time(gap.at, object.key("at"));
  object.text("reason", gap.reason);
  object.end();
}

}  // namespace

void append_destination_status(const DestinationStatus& one, std::string& out) {
  ObjectWriter object(out);
  object.text("name", one.name);
  object.text("kind", one.kind);
  object.text("state", one.state);
  object.text("detail", one.detail);
  object.number("acknowledgedSequence", one.acknowledged_sequence);
  object.number("lagEvents", one.lag_events);
  object.number("lagBytes", one.lag_bytes);
  object.raw("lagAgeSeconds", fmt::format("{:.3f}", std::chrono::duration<double>(one.lag_age).count()));
  object.raw("lagCapUsed", fmt::format("{:.3f}", one.lag_cap_used));
  object.text("lagAlarm", one.lag_alarm);
  object.boolean("paused", one.paused);
  object.boolean("circuitOpen", one.circuit_open);
  object.number("sent", one.sent);
  object.number("delivered", one.delivered);
  object.number("replayed", one.replayed);
  object.number("retries", one.retries);
  object.number("inDoubt", one.in_doubt);
  object.number("deadLetters", one.dead_letters);
  append_counts(one.letters, object.key("letters"));
  object.number("dropped", one.dropped);
  object.number("folded", one.folded);
  object.number("erased", one.erased);
  object.number("unmapped", one.unmapped);
  object.number("lostToRetention", one.lost_to_retention);
  append_array(one.gaps, object.key("gaps"), [&](const auto& gap) { append_gap(gap, out); });
  append_array(one.notes, object.key("notes"),
               [&](const auto& note) { base::append_json_string(note, out); });
  object.end();
}

std::string status_json(const Status& status) {
  std::string out;
  ObjectWriter object(out);
  object.text("version", status.version);
  object.text("journalId", status.journal_id);
  object.text("dataDir", status.data_dir);
  object.number("firstSequence", status.first_sequence);
  object.number("lastSequence", status.last_sequence);
  object.number("diskBytes", status.disk_bytes);
  object.boolean("accepting", status.accepting);
  object.text("problem", status.problem);
  object.number("accepted", status.accepted);
  object.number("duplicates", status.duplicates);
  object.number("rejected", status.rejected);
  object.raw("uptimeSeconds", fmt::format("{:.3f}", static_cast<double>(status.uptime.count()) / 1000));
  append_catalogue(status.catalogue, object.key("catalogue"));
  append_audit(status.audit, object.key("audit"));
  append_array(status.destinations, object.key("destinations"),
               [&](const auto& one) { append_destination_status(one, out); });
  object.end();
  return out;
}

}  // namespace user_events::server
