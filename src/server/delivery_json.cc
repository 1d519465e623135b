#include "server/delivery_json.h"

#include "base/json_writer.h"
#include "base/time_text.h"

namespace user_events::server {
namespace {

using base::ObjectWriter;
using base::append_array;

void append_time(Timestamp time, std::string& out) {
  out += '"';
  base::append_timestamp(time, out);
  out += '"';
}

void append_letter_members(const DeadLetter& letter, bool with_user, ObjectWriter& object) {
  object.number("number", letter.number);
  object.text("destination", letter.destination);
  object.text("state", to_text(letter.state));
  object.text("journalId", letter.journal_id);
  object.number("sequence", letter.sequence);
  object.text("id", letter.event_id);
  object.text("type", letter.type);
  if (with_user) object.text("user", letter.user);
  object.text("reason", letter.reason);
  object.number("attempts", letter.attempts);
  object.number("replays", letter.replays);
  append_time(letter.since, object.key("since"));
}

void append_discarded(const DiscardedLetter& letter, std::string& out) {
  ObjectWriter object(out);
  object.number("number", letter.number);
  object.text("destination", letter.destination);
  object.text("journalId", letter.journal_id);
  object.number("sequence", letter.sequence);
  object.text("id", letter.event_id);
  object.text("type", letter.type);
  object.text("cause", letter.cause);
  object.text("reason", letter.reason);
  object.text("by", letter.by);
  append_time(letter.at, object.key("at"));
  object.end();
}

void append_replay(const DeadLetterReplay& replay, std::string& out) {
  ObjectWriter object(out);
  object.number("number", replay.number);
  object.text("destination", replay.destination);
  object.text("state", replay.state);
  object.number("total", replay.total);
  object.number("delivered", replay.delivered);
  object.number("deadAgain", replay.dead_again);
  object.number("remaining", replay.remaining);
  object.number("rate", replay.rate);
  object.text("requestedBy", replay.requested_by);
  append_time(replay.since, object.key("since"));
  append_optional_time(replay.finished, object.key("finished"));
  object.end();
}

}  // namespace

void append_optional_time(const std::optional<Timestamp>& time, std::string& out) {
  time ? append_time(*time, out) : static_cast<void>(out += "null");
}

std::string letters_json(const DeadLetterPage& page, bool with_users) {
  std::string out;
  ObjectWriter object(out);
  append_array(page.letters, object.key("letters"), [&](const DeadLetter& letter) {
    ObjectWriter one(out);
    append_letter_members(letter, with_users, one);
    one.end();
  });
  object.number("next", page.next);
  object.end();
  return out;
}

std::string letter_json(const DeadLetterDetail& detail) {
  std::string out;
  ObjectWriter object(out);
  append_letter_members(detail.letter, true, object);
  object.number("behind", detail.behind);
  object.raw("event", detail.json);
  object.end();
  return out;
}

std::string discarded_page_json(const DiscardedPage& page) {
  std::string out;
  ObjectWriter object(out);
  append_array(page.letters, object.key("discarded"), [&](const DiscardedLetter& one) { append_discarded(one, out); });
  object.number("next", page.next);
  object.end();
  return out;
}

std::string discarded_letter_json(const DiscardedLetter& letter) {
  std::string out;
  append_discarded(letter, out);
  return out;
}

std::string replay_json(const DeadLetterReplay& replay) {
  std::string out;
  append_replay(replay, out);
  return out;
}

std::string replays_json(const std::vector<DeadLetterReplay>& replays) {
  std::string out;
  ObjectWriter object(out);
  append_array(replays, object.key("replays"), [&](const DeadLetterReplay& one) { append_replay(one, out); });
  object.end();
  return out;
}

}  // namespace user_events::server
