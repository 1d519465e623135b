#include "common/library.h"

#include <filesystem>
#include <span>

#include "base/uuid.h"
#include "encoding/envelope.h"
#include "ports/random.h"
#include "common/events.h"

namespace user_events::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatch = 1'000;
constexpr std::int64_t kTimeMs = 1'700'000'000'000;

UserEventPublisher open_library(const DestinationOptions& destination, const std::string& folder) {
  Options options;
  options.data_dir = folder;
  options.destinations.push_back(destination);
  auto publisher = UserEventPublisher::open(options);
  if (!publisher) die(describe(publisher.error()));
  return std::move(*publisher);
}

}  // namespace

UserCreated event_of(std::uint32_t user) {
  const auto number = std::to_string(user);
  return {.user_id = "user-" + number,
          .email = "user" + number + "@example.com",
          .username = "user_name_" + number,
          .registration_timestamp = Timestamp(std::chrono::milliseconds(kTimeMs)),
          .status = "active"};
}

std::vector<AnyEvent> events_of(const std::vector<std::uint32_t>& users) {
  std::vector<AnyEvent> events;
  events.reserve(users.size());
  for (const auto user : users) events.emplace_back(event_of(user));
  return events;
}

FinishedEvent finished_event_of(std::uint32_t user, std::uint64_t sequence) {
  const auto event = event_of(user);
  FinishedEvent out;
  out.key = event.user_id;
  base::append_uuid7(kTimeMs, ports::system_random(), out.id);
  const std::string data = R"({"userId":")" + event.user_id + R"(","email":")" + event.email + R"(","username":")" + *event.username +
                           R"(","registrationTimestamp":"2023-11-14T22:13:20.000Z","status":"active"})";
  const encoding::Envelope envelope{
      .id = out.id, .source = "urn:user-events", .type = "user.created", .partition_key = out.key, .time_ms = kTimeMs, .data = data};
  encoding::append_cloudevents_json(envelope, {.journal_id = kJournalId, .sequence = sequence}, out.body);
  return out;
}

Measurement run_library(const DestinationOptions& destination, const std::string& folder, const std::vector<AnyEvent>& events) {
  std::filesystem::remove_all(folder);
  auto publisher = open_library(destination, folder);
  if (auto warm = publisher.publish(std::get<UserCreated>(events[0])); !warm) die(describe(warm.error()));
  if (auto flushed = publisher.flush(60s); !flushed) die(describe(flushed.error()));
  const auto measured = measure(events.size(), [&] {
    for (std::size_t i = 0; i < events.size(); i += kBatch)
      publisher.publish_async(std::span(events).subspan(i, std::min(kBatch, events.size() - i)), [](Result<std::vector<Receipt>> receipts) {
        if (!receipts) die(describe(receipts.error()));
      });
    // A last publish is answered behind all the others, so the flush below knows them all.
    if (auto last = publisher.publish(std::get<UserCreated>(events[0])); !last) die(describe(last.error()));
    if (auto flushed = publisher.flush(300s); !flushed) die(describe(flushed.error()));
  });
  if (auto closed = publisher.close(); !closed) die(describe(closed.error()));
  return measured;
}

}  // namespace user_events::bench
