#include "cli/delivery_answers.h"

#include "base/try.h"
#include "cli/answer_json.h"

namespace user_events::cli {
namespace {

Result<DeadLetter> letter_of(const element& object) {
  DeadLetter out;
  const auto state = dead_letter_state(text(object, "state"));
  out.number = number(object, "number");
  if (!state || out.number == 0) return not_understood();
  out.state = *state;
  out.destination = text(object, "destination");
  out.journal_id = text(object, "journalId");
  out.sequence = number(object, "sequence");
  out.event_id = text(object, "id");
  out.type = text(object, "type");
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
  out.destination = text(object, "destination");
  out.journal_id = text(object, "journalId");
  out.sequence = number(object, "sequence");
  out.event_id = text(object, "id");
  out.type = text(object, "type");
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

}  // namespace

Result<LetterPage> parse_letters(std::string_view body) {
  Document document;
  simdjson::dom::array letters;
  if (!parse_object(body, document) || document.root["letters"].get(letters) != simdjson::SUCCESS)
    return not_understood();
  LetterPage page;
  page.next = number(document.root, "next");
  for (const element each : letters) {
    UE_TRY_ASSIGN(auto letter, letter_of(each));
    page.letters.push_back({std::move(letter), simdjson::minify(each)});
  }
  return page;
}

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

Result<DiscardedLines> parse_discarded_page(std::string_view body) {
  Document document;
  simdjson::dom::array letters;
  if (!parse_object(body, document) || document.root["discarded"].get(letters) != simdjson::SUCCESS)
    return not_understood();
  DiscardedLines page;
  page.next = number(document.root, "next");
  for (const element each : letters) {
    UE_TRY_ASSIGN(auto letter, discarded_of(each));
    page.letters.push_back({std::move(letter), simdjson::minify(each)});
  }
  return page;
}

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

Result<std::vector<ReplayLine>> parse_replays(std::string_view body) {
  Document document;
  simdjson::dom::array replays;
  if (!parse_object(body, document) || document.root["replays"].get(replays) != simdjson::SUCCESS)
    return not_understood();
  std::vector<ReplayLine> out;
  for (const element each : replays) {
    UE_TRY_ASSIGN(auto replay, replay_of(each));
    out.push_back({std::move(replay), simdjson::minify(each)});
  }
  return out;
}

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
