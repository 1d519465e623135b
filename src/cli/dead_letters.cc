// dead-letters list, show, replays, cancel, discard. `dead-letters replay` is in dead_letters_replay.cc.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/delivery_answers.h"
#include "cli/event_source.h"
#include "cli/http_client.h"
#include "cli/letter_filter.h"
#include "cli/output.h"
#include "cli/requester.h"
#include "cli/time_switch.h"

namespace user_events::cli {
namespace {

std::string letter_line(const DeadLetter& letter, bool with_user) {
  return printable(fmt::format("{:>8}  {:<9}  {}  {:>10}  {}  {}  {}{}  {}", letter.number, to_text(letter.state),
                               time_text(letter.since), letter.sequence, letter.destination, letter.type,
                               letter.event_id, with_user ? "  " + letter.user : std::string(), letter.reason)) +
         "\n";
}

std::string discarded_line(const DiscardedLetter& letter, bool /*with_user: none is on record*/) {
  return printable(fmt::format("{:>8}  {}  {:>10}  {}  {}  {}  given up by {}: {}  (cause: {})", letter.number, time_text(letter.at),
                               letter.sequence, letter.destination, letter.type, letter.event_id, letter.by, letter.reason, letter.cause)) +
         "\n";
}

/// Prints what there is, page by page, at most `arguments.limit`.
template <class Letter>
Result<void> print_pages(EventSource& source, LetterQuery query, const DeadLetterArguments& arguments,
                         Result<std::string> (EventSource::*ask)(const LetterQuery&), Result<Lines<Letter>> (*parse)(std::string_view),
                         std::string (*line)(const Letter&, bool with_user)) {
  query.after = arguments.after;
  for (std::uint64_t left = arguments.limit; left > 0;) {
    query.limit = std::min<std::uint64_t>(left, kMaxPageLetters);
    UE_TRY_ASSIGN(const std::string body, (source.*ask)(query));
    UE_TRY_ASSIGN(const auto page, parse(body));
    std::string out;
    for (const auto& [letter, json] : page.lines) out += arguments.json ? json + "\n" : line(letter, arguments.show_users);
    UE_TRY(write_result(out));
    left -= std::min<std::uint64_t>(left, page.lines.size());
    query.after = page.next;
    if (page.next == 0) return {};
  }
  message(fmt::format("user-events: there are more letters; go on with --after {}", query.after));
  return {};
}

std::string row(std::string_view name, std::string_view value) {
  return printable(fmt::format("{:<12} {}", name, value.empty() ? "-" : value)) + "\n";
}

template <class Letter>
std::string rows_of_event(const Letter& letter) {
  return row("destination", letter.destination) +
         row("event", fmt::format("{} {}, number {} of journal {}", letter.type, letter.event_id, letter.sequence, letter.journal_id));
}

std::string letter_text(const DeadLetterDetail& detail) {
  const auto& letter = detail.letter;
  std::string out = row("letter", fmt::format("{} ({})", letter.number, to_text(letter.state)));
  if (detail.behind != 0) out += row("waits behind", fmt::format("letter {}", detail.behind));
  out += rows_of_event(letter);
  out += row("user", letter.user);
  out += row("reason", letter.reason);
  out += row("attempts", fmt::format("{}, replayed {} times", letter.attempts, letter.replays));
  out += row("since", time_text(letter.since));
  return out + printable(detail.json) + "\n";
}

std::string discarded_text(const DiscardedLetter& letter) {
  return row("letter", fmt::format("{} (discarded)", letter.number)) + rows_of_event(letter) + row("given up by", letter.by) +
         row("at", time_text(letter.at)) + row("reason", letter.reason) + row("cause", letter.cause);
}

std::string replay_line(const DeadLetterReplay& one) {
  return printable(fmt::format("{:>6}  {:<9}  {}  {}: {} of {} delivered, {} failed again, {} to come; asked for by {}",
                               one.number, one.state, time_text(one.since), one.destination, grouped(one.delivered),
                               grouped(one.total), grouped(one.dead_again), grouped(one.remaining),
                               one.requested_by)) +
         "\n";
}

}  // namespace

Result<void> dead_letters_list(const DeadLetterArguments& arguments) {
  LetterQuery query;
  UE_TRY_ASSIGN(query.filter, letter_filter(arguments));
  query.with_users = arguments.show_users;
  if (arguments.discarded && (query.with_users || !query.filter.user.empty() || !query.filter.states.empty()))
    return fail(ErrorKind::usage, "discarded-filter", "--discarded: the record has neither users nor states", "leave out --user, --show-users and --state");
  UE_TRY_ASSIGN(const auto source, open_source(arguments.client, arguments.data_dir));
  if (arguments.discarded) return print_pages(*source, std::move(query), arguments, &EventSource::discarded_json, parse_discarded_page, discarded_line);
  return print_pages(*source, std::move(query), arguments, &EventSource::letters_json, parse_letters, letter_line);
}

namespace {

Result<void> show_discarded(EventSource& source, std::uint64_t number, bool as_json) {
  UE_TRY_ASSIGN(const std::string body, source.discarded_letter_json(number));
  if (as_json) return write_result(body + "\n");
  UE_TRY_ASSIGN(const auto letter, parse_discarded_letter(body));
  return write_result(discarded_text(letter));
}

}  // namespace

Result<void> dead_letters_show(const DeadLetterArguments& arguments) {
  UE_TRY_ASSIGN(const auto source, open_source(arguments.client, arguments.data_dir));
  const auto found = source->letter_json(arguments.numbers.front());
  if (!found && found.error().code == "discarded") return show_discarded(*source, arguments.numbers.front(), arguments.json);
  UE_TRY_ASSIGN(const std::string body, found);
  if (arguments.json) return write_result(body + "\n");
  UE_TRY_ASSIGN(const auto letter, parse_letter(body));
  return write_result(letter_text(letter));
}

Result<void> dead_letters_replays(const DeadLetterArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body, client.get("/v1/dead-letters/replays"));
  if (arguments.json) return write_result(body + "\n");
  UE_TRY_ASSIGN(const auto replays, parse_replays(body));
  std::string out;
  for (const auto& [replay, json] : replays.lines) out += replay_line(replay);
  return write_result(out);
}

Result<void> dead_letters_cancel(const DeadLetterArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body,
                client.post(fmt::format("/v1/dead-letters/replays/{}/cancel", arguments.numbers.front()), "application/json", ""));
  if (arguments.json) return write_result(body + "\n");
  UE_TRY_ASSIGN(const auto replay, parse_replay(body));
  return write_result(replay_line(replay));
}

Result<void> dead_letters_discard(const DeadLetterArguments& arguments) {
  if (!base::is_valid_utf8(arguments.reason)) return fail(ErrorKind::usage, "bad-utf8", "--reason is not UTF-8");
  UE_TRY_ASSIGN(std::string body, letter_choice(arguments));
  body = "{" + body + ",\"reason\":";
  base::append_json_string(arguments.reason, body);
  body += requester_member() + "}";
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post("/v1/dead-letters/discard", "application/json", body));
  if (arguments.json) return write_result(answer + "\n");
  UE_TRY_ASSIGN(const auto discarded, parse_discarded(answer));
  return write_result(fmt::format("{} given up; what was held behind goes on\n", counted(discarded, "letter")));
}

}  // namespace user_events::cli
