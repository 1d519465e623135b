#include "cli/delivery_answers.h"

#include "base/try.h"
#include "cli/answer_json.h"

namespace user_events::cli {
namespace {

/// What is on record of a letter's event, whether it was discarded or not.
template <class Letter>
void read_event(const element& object, Letter& out) {
  out.destination = text(object, "destination");
  out.journal_id = text(object, "journalId");
  out.sequence = number(object, "sequence");
  out.event_id = text(object, "id");
  out.type = text(object, "type");
}

Result<DeadLetter> letter_of(const element& object) {
  DeadLetter out;
  const auto state = dead_letter_state(text(object, "state"));
  out.number = number(object, "number");
  if (!state || out.number == 0) return not_understood();
  out.state = *state;
  read_event(object, out);
  out.user = text(object, "user");
  out.reason = text(object, "reason");
  out.attempts = static_cast<std::uint32_t>(number(object, "attempts"));
  out.replays = static_cast<std::uint32_t>(number(object, "replays"));
  out.since = time(object, "since").value_or(Timestamp{});
  return out;
}

Result<DiscardedLetter> discarded_of(const element& object) {
  DiscardedLetter out;
  out.number = number(object, "number");
  out.reason = text(object, "reason");
  if (out.number == 0 || out.reason.empty()) return not_understood();
  read_event(object, out);
  out.cause = text(object, "cause");
  out.by = text(object, "by");
  out.at = time(object, "at").value_or(Timestamp{});
  return out;
}

Result<DeadLetterReplay> replay_of(const element& object) {
  DeadLetterReplay out;
  out.number = number(object, "number");
  out.state = text(object, "state");
  if (out.number == 0 || out.state.empty()) return not_understood();
  out.destination = text(object, "destination");
  out.total = number(object, "total");
  out.delivered = number(object, "delivered");
  out.dead_again = number(object, "deadAgain");
  out.remaining = number(object, "remaining");
  out.rate = static_cast<std::uint32_t>(number(object, "rate"));
  out.requested_by = text(object, "requestedBy");
  out.since = time(object, "since").value_or(Timestamp{});
  out.finished = time(object, "finished");
  return out;
}

template <class Value>
Result<Lines<Value>> parse_list(std::string_view body, std::string_view name, Result<Value> (*read)(const element&)) {
  Document document;
  simdjson::dom::array list;
  if (!parse_object(body, document) || document.root[name].get(list) != simdjson::SUCCESS) return not_understood();
  Lines<Value> out{.lines = {}, .next = number(document.root, "next")};
  for (const element each : list) {
    UE_TRY_ASSIGN(auto value, read(each));
    out.lines.push_back({std::move(value), simdjson::minify(each)});
  }
  return out;
}

}  // namespace

Result<Lines<DeadLetter>> parse_letters(std::string_view body) { return parse_list(body, "letters", letter_of); }

Result<DeadLetterDetail> parse_letter(std::string_view body) {
  Document document;
  element event;
  if (!parse_object(body, document) || document.root["event"].get(event) != simdjson::SUCCESS) return not_understood();
  DeadLetterDetail out;
  UE_TRY_ASSIGN(out.letter, letter_of(document.root));
  out.behind = number(document.root, "behind");
  out.json = simdjson::minify(event);
  return out;
}

Result<Lines<DiscardedLetter>> parse_discarded_page(std::string_view body) { return parse_list(body, "discarded", discarded_of); }

Result<DiscardedLetter> parse_discarded_letter(std::string_view body) {
  Document document;
  if (!parse_object(body, document)) return not_understood();
  return discarded_of(document.root);
}

Result<DeadLetterReplay> parse_replay(std::string_view body) {
  Document document;
  if (!parse_object(body, document)) return not_understood();
  return replay_of(document.root);
}

Result<Lines<DeadLetterReplay>> parse_replays(std::string_view body) { return parse_list(body, "replays", replay_of); }

Result<std::uint64_t> parse_discarded(std::string_view body) {
  Document document;
  std::uint64_t discarded = 0;
  if (!parse_object(body, document) || document.root["discarded"].get(discarded) != simdjson::SUCCESS)
    return not_understood();
  return discarded;
}

Result<RewindResult> parse_rewind(std::string_view body) {
  Document document;
  if (!parse_object(body, document) || number(document.root, "from") == 0) return not_understood();
  return RewindResult{number(document.root, "from"), number(document.root, "until"),
                      static_cast<std::uint32_t>(number(document.root, "replay"))};
}

Result<std::vector<DestinationStatus>> parse_destinations(std::string_view body) {
  Document document;
  simdjson::dom::array destinations;
  if (!parse_object(body, document) || document.root["destinations"].get(destinations) != simdjson::SUCCESS)
    return not_understood();
  std::vector<DestinationStatus> out;
  for (const element each : destinations) out.push_back(destination_status(each));
  return out;
}

}  // namespace user_events::cli
