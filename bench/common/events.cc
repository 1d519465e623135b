#include "common/events.h"

#include <cstdio>
#include <random>

#include "common/comparison.h"

namespace user_events::bench {
namespace {

using namespace std::chrono_literals;
using destinations::Report;

Event make_event(std::size_t number, std::uint32_t user_number) {
  const std::string user = std::to_string(user_number);
  char id[40];
  std::snprintf(id, sizeof id, "01890a5d-ac96-774b-8000-%012zx", number);
  return {.id = id,
          .user = "user-" + user,
          .data = R"({"userId":"user-)" + user + R"(","email":"user)" + user + R"(@example.com","username":"user_name_)" + user +
                  R"(","registrationTimestamp":"2023-11-14T22:13:20.000Z","status":"active"})"};
}

}  // namespace

std::vector<Event> make_events(std::size_t count) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::uint32_t> any(0, kUsers - 1);
  std::vector<Event> events;
  events.reserve(count);
  for (std::size_t i = 0; i < count; ++i) events.push_back(make_event(i, any(random)));
  return events;
}

std::vector<Event> make_events_of_distinct_users(std::size_t count) {
  std::vector<Event> events;
  events.reserve(count);
  for (std::size_t i = 0; i < count; ++i) events.push_back(make_event(i, static_cast<std::uint32_t>(i)));
  return events;
}

destinations::Message message_of(const Event& event, std::uint64_t sequence) {
  destinations::Message message;
  message.envelope.id = event.id;
  message.envelope.source = "urn:user-events";
  message.envelope.type = "user.created";
  message.envelope.partition_key = event.user;
  message.envelope.time_ms = 1'700'000'000'000;
  message.envelope.data = event.data;
  message.position = {.journal_id = kJournalId, .sequence = sequence};
  return message;
}

std::string sequence_text(std::uint64_t sequence) {
  char text[24];
  std::snprintf(text, sizeof text, "%020zu", static_cast<std::size_t>(sequence));
  return text;
}

void start_and_wait(destinations::Destination& destination) {
  if (auto started = destination.start({}, kJournalId, 0); !started) die(describe(started.error()));
  std::vector<Report> reports;
  while (destination.health().state != destinations::HealthState::up) destination.poll(reports, 100ms);
}

void send_all(destinations::Destination& destination, const std::vector<Event>& events, std::uint64_t first_sequence) {
  constexpr std::size_t kBetweenPolls = 1'000;
  std::vector<Report> reports;
  std::size_t sent = 0, accepted = 0;
  while (accepted < events.size()) {
    bool busy = false;
    for (std::size_t i = 0; i < kBetweenPolls && sent < events.size() && !busy; ++i) {
      busy = destination.send(message_of(events[sent], first_sequence + sent)) == destinations::SendStatus::busy;
      if (!busy) ++sent;
    }
    reports.clear();
    destination.poll(reports, busy || sent == events.size() ? 20ms : 0ms);
    for (const Report& report : reports)
      if (report.outcome != destinations::Outcome::accepted) die(report.reason);
    accepted += reports.size();
  }
}

}  // namespace user_events::bench
