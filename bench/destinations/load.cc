#include "destinations/load.h"

#include <cmath>
#include <cstdio>
#include <random>

#include "common/report.h"

namespace user_events::bench {
namespace {

constexpr std::int64_t kTimeMs = 1'700'000'000'000;
constexpr std::uint64_t kFirstWarmNumber = 1'000'000'000;

encoding::Envelope envelope_of(const Event& event) {
  encoding::Envelope envelope;
  envelope.id = event.id;
  envelope.source = "urn:user-events";
  envelope.type = "user.created";
  envelope.partition_key = event.user;
  envelope.time_ms = kTimeMs;
  envelope.data = event.data;
  return envelope;
}

encoding::Position position_of(const Event& event) { return {.journal_id = kJournalId, .sequence = event.number}; }

/// Users in the order in which their events happen.
std::vector<std::uint32_t> choose_users(std::size_t events, Skew skew) {
  std::mt19937_64 random(7);
  std::vector<std::uint32_t> users(events);
  if (skew == Skew::none) {
    std::uniform_int_distribution<std::uint32_t> any(0, kUsers - 1);
    for (auto& user : users) user = any(random);
    return users;
  }
  std::vector<double> weights(kUsers);
  for (std::size_t i = 0; i < kUsers; ++i) weights[i] = 1.0 / static_cast<double>(i + 1);
  std::discrete_distribution<std::uint32_t> zipf(weights.begin(), weights.end());
  for (auto& user : users) user = zipf(random);
  return users;
}

std::string formatted(const char* format, std::uint64_t number) {
  char text[40];
  std::snprintf(text, sizeof text, format, static_cast<unsigned long long>(number));
  return text;
}

Event make_event(std::uint64_t number, const UserCreated& created) {
  Event event{.number = number,
              .sequence = formatted("%020llu", number),
              .id = formatted("01890a5d-ac96-774b-8000-%012llx", number),
              .user = created.user_id,
              .data = R"({"userId":")" + created.user_id + R"(","email":")" + created.email +
                      R"(","username":")" + *created.username +
                      R"(","registrationTimestamp":"2023-11-14T22:13:20.000Z","status":"active"})",
              .body = {}};
  encoding::append_cloudevents_json(envelope_of(event), position_of(event), event.body);
  return event;
}

UserCreated created(std::uint32_t user) {
  const auto number = std::to_string(user);
  return {.user_id = "user-" + number,
          .email = "user" + number + "@example.com",
          .username = "user_name_" + number,
          .registration_timestamp = Timestamp(std::chrono::milliseconds(kTimeMs)),
          .status = "active"};
}

}  // namespace

Load make_load(std::size_t events, Skew skew) {
  const auto users = choose_users(events, skew);
  Load load;
  for (std::size_t i = 0; i < events; ++i) {
    UserCreated event = created(users[i]);
    load.events.push_back(make_event(i + 1, event));
    load.typed.emplace_back(std::move(event));
  }
  for (std::uint32_t i = 0; i < kWarmEvents; ++i)
    load.warm.push_back(make_event(kFirstWarmNumber + i, created(i)));
  return load;
}

destinations::Message message_of(const Event& event) {
  thread_local const auto encoder = encoding::make_json_encoder({});
  destinations::Message message;
  message.position = position_of(event);
  if (encoder->encode(envelope_of(event), message.position, message).readiness != encoding::Readiness::ready) die("an event is not encoded");
  return message;
}

}  // namespace user_events::bench
