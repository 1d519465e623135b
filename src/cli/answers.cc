#include "cli/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/try.h"
#include "cli/answer_json.h"

namespace user_events::cli {
namespace {

double real(const element& object, std::string_view name) {
  double value = 0;
  return object[name].get(value) == simdjson::SUCCESS ? value : 0;
}

std::chrono::milliseconds seconds(const element& object, std::string_view name) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(real(object, name) * 1000));
}

ErrorKind kind_of_status(int http_status) {
  static constexpr std::array kKinds = {
      ErrorKind::malformed,   ErrorKind::unauthenticated, ErrorKind::forbidden,   ErrorKind::not_found,
      ErrorKind::not_allowed, ErrorKind::conflict,        ErrorKind::too_large,   ErrorKind::unsupported,
      ErrorKind::invalid,     ErrorKind::rate_limited,    ErrorKind::unavailable, ErrorKind::timed_out};
  const auto found =
      std::ranges::find(kKinds, http_status, [](ErrorKind kind) { return traits(kind).http_status; });
  return found == kKinds.end() ? ErrorKind::internal : *found;
}

Error problem_error(int http_status, const element& object) {
  Error error;
  error.kind = kind_of_status(http_status);
  std::string type = text(object, "type");
  error.code = type.substr(type.rfind(':') + 1);
  error.message = text(object, "detail");
  if (error.message.empty()) error.message = text(object, "title");
  error.hint = text(object, "hint");
  simdjson::dom::array errors;
  if (object["errors"].get(errors) == simdjson::SUCCESS) {
    for (const element each : errors)
      error.fields.push_back({text(each, "pointer"), text(each, "code"), text(each, "detail")});
  }
  return error;
}

DeadLetterCounts letter_counts(const element& object) {
  DeadLetterCounts out;
  out.dead = number(object, "dead");
  out.held = number(object, "held");
  out.parked = number(object, "parked");
  out.replaying = number(object, "replaying");
  out.skipped = number(object, "skipped");
  out.oldest = time(object, "oldest");
  return out;
}

}  // namespace

DestinationStatus destination_status(const element& object) {
  DestinationStatus out;
  out.name = text(object, "name");
  out.kind = text(object, "kind");
  out.state = text(object, "state");
  out.detail = text(object, "detail");
  out.acknowledged_sequence = number(object, "acknowledgedSequence");
  out.lag_events = number(object, "lagEvents");
  out.lag_bytes = number(object, "lagBytes");
  out.lag_age = seconds(object, "lagAgeSeconds");
  out.lag_cap_used = real(object, "lagCapUsed");
  out.lag_alarm = text(object, "lagAlarm");
  out.paused = flag(object, "paused");
  out.circuit_open = flag(object, "circuitOpen");
  out.sent = number(object, "sent");
  out.delivered = number(object, "delivered");
  out.replayed = number(object, "replayed");
  out.retries = number(object, "retries");
  out.in_doubt = number(object, "inDoubt");
  out.dead_letters = number(object, "deadLetters");
  if (element letters; object["letters"].get(letters) == simdjson::SUCCESS) out.letters = letter_counts(letters);
  out.dropped = number(object, "dropped");
  out.folded = number(object, "folded");
  out.lost_to_retention = number(object, "lostToRetention");
  simdjson::dom::array gaps, notes;
  if (object["gaps"].get(gaps) == simdjson::SUCCESS) {
    for (const element gap : gaps)
      out.gaps.push_back({number(gap, "first"), number(gap, "last"), number(gap, "events"), time(gap, "at").value_or(Timestamp{}), text(gap, "reason")});
  }
  if (object["notes"].get(notes) == simdjson::SUCCESS) {
    for (const element note : notes) out.notes.emplace_back(std::string_view(note));
  }
  return out;
}

Error parse_problem(int http_status, std::string_view body) {
  Document document;
  Error error;
  if (parse_object(body, document)) error = problem_error(http_status, document.root);
  if (error.message.empty()) {
    error = {kind_of_status(http_status),
             "bad-answer",
             fmt::format("the daemon answered with HTTP status {}", http_status),
             "does USER_EVENTS_URL name a user-events daemon?",
             {}};
  }
  return error;
}

Result<Receipt> parse_receipt(std::string_view body) {
  Document document;
  if (!parse_object(body, document)) return not_understood();
  Receipt receipt{text(document.root, "id"), number(document.root, "sequence"),
                  flag(document.root, "duplicate")};
  if (receipt.id.empty() || receipt.sequence == 0) return not_understood();
  return receipt;
}

Result<Page> parse_page(std::string_view body) {
  Document document;
  simdjson::dom::array events;
  if (!parse_object(body, document) || document.root["events"].get(events) != simdjson::SUCCESS)
    return not_understood();
  Page page;
  page.next = number(document.root, "next");
  for (const element event : events) page.events.push_back(simdjson::minify(event));
  return page;
}

Result<EventSummary> parse_event(std::string_view json) {
  Document document;
  if (!parse_object(json, document)) return not_understood();
  EventSummary out;
  out.sequence = text(document.root, "sequence");
  out.sequence.erase(0, std::min(out.sequence.find_first_not_of('0'), out.sequence.size()));
  out.time = text(document.root, "time");
  out.type = text(document.root, "type");
  out.subject = text(document.root, "subject");
  element data;
  if (document.root["data"].get(data) == simdjson::SUCCESS) out.data = simdjson::minify(data);
  return out;
}

Result<Status> parse_status(std::string_view body) {
  Document document;
  if (!parse_object(body, document)) return not_understood();
  const element root = document.root;
  Status out;
  out.version = text(root, "version");
  out.journal_id = text(root, "journalId");
  out.data_dir = text(root, "dataDir");
  out.first_sequence = number(root, "firstSequence");
  out.last_sequence = number(root, "lastSequence");
  out.disk_bytes = number(root, "diskBytes");
  out.accepting = flag(root, "accepting");
  out.problem = text(root, "problem");
  out.accepted = number(root, "accepted");
  out.duplicates = number(root, "duplicates");
  out.rejected = number(root, "rejected");
  out.uptime = seconds(root, "uptimeSeconds");
  element catalogue;
  if (root["catalogue"].get(catalogue) == simdjson::SUCCESS)
    out.catalogue = {static_cast<std::size_t>(number(catalogue, "types")), static_cast<std::size_t>(number(catalogue, "versions")),
                     text(catalogue, "loaded"), number(catalogue, "reloads"), text(catalogue, "problem")};
  simdjson::dom::array destinations;
  if (out.journal_id.empty() || root["destinations"].get(destinations) != simdjson::SUCCESS)
    return not_understood();
  for (const element each : destinations) out.destinations.push_back(destination_status(each));
  return out;
}

Result<std::vector<SchemaInfo>> parse_schemas(std::string_view body) {
  Document document;
  simdjson::dom::array schemas;
  if (!parse_object(body, document) || document.root["schemas"].get(schemas) != simdjson::SUCCESS)
    return not_understood();
  std::vector<SchemaInfo> out;
  for (const element each : schemas) {
    out.push_back(
        {text(each, "type"), static_cast<std::uint32_t>(number(each, "version")), text(each, "title"), {}});
  }
  return out;
}

Result<LineAnswer> parse_line_answer(std::string_view line) {
  Document document;
  if (!parse_object(line, document)) return not_understood();
  const element root = document.root;
  LineAnswer out;
  out.line = number(root, "line");
  element problem, summary;
  if (root["summary"].get(summary) == simdjson::SUCCESS) {
    out.kind = LineAnswer::Kind::summary;
  } else if (root["problem"].get(problem) == simdjson::SUCCESS) {
    out.kind = out.line == 0 ? LineAnswer::Kind::broken_off : LineAnswer::Kind::problem;
    out.error = problem_error(static_cast<int>(number(problem, "status")), problem);
  } else if (out.line == 0 || text(root, "id").empty()) {
    return not_understood();
  } else {
    out.duplicate = flag(root, "duplicate");
  }
  return out;
}

Result<std::string> compact_object(std::string_view json) {
  Document document;
  const auto error = document.parser.parse(json.data(), json.size()).get(document.root);
  if (error != simdjson::SUCCESS) {
    return fail(ErrorKind::malformed, "bad-json",
                fmt::format("the data is not JSON: {}", simdjson::error_message(error)),
                "write for example --data '{\"userId\":\"u-1\"}', or --data @FILE");
  }
  if (!document.root.is_object())
    return fail(ErrorKind::malformed, "bad-json", "the data is JSON, but not an object");
  // The text itself, not what was parsed: numbers and repeated keys are the daemon's to judge.
  std::string out(json.size(), '\0');
  std::size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), out.data(), size) != simdjson::SUCCESS) {
    return fail(ErrorKind::malformed, "bad-json", "the data is not JSON");
  }
  out.resize(size);
  return out;
}

}  // namespace user_events::cli
