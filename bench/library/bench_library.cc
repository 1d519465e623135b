// Library → journal → Kafka, beside a bare librdkafka producer with the same settings, keys, headers and values. The two take turns;
// medians of the rounds are reported. CPU is this process's (librdkafka's threads included), not the broker's.
//
//     bench_library BROKER FOLDER [EVENTS [ROUNDS]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "encoding/envelope.h"
#include "kafka/bare_producer.h"
#include "ports/random.h"
#include "user_events/publisher.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using user_events::AnyEvent;
using user_events::bench::BareMessage;
using user_events::bench::BareProducer;
using user_events::UserCreated;

constexpr std::size_t kUsers = 100'000;
constexpr std::size_t kBatch = 1'000;
constexpr const char* kTopic = "user.events";

struct Measurement {
  double events_per_second = 0;
  double cpu_us_per_event = 0;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "bench_library: %s\n", why.c_str());
  std::exit(1);
}

template <class Work>
Measurement measure(std::size_t events, Work&& work) {
  const double cpu = cpu_seconds();
  const auto begin = Clock::now();
  work();
  const std::chrono::duration<double> wall = Clock::now() - begin;
  const auto count = static_cast<double>(events);
  return {count / wall.count(), (cpu_seconds() - cpu) / count * 1e6};
}

/// Users in the order in which their events happen. `skew` 0: uniform; else a Zipf distribution with that exponent.
std::vector<std::uint32_t> choose_users(std::size_t events, double skew) {
  std::mt19937_64 random(7);
  std::vector<std::uint32_t> users(events);
  if (skew == 0) {
    std::uniform_int_distribution<std::uint32_t> any(0, kUsers - 1);
    for (auto& user : users) user = any(random);
    return users;
  }
  std::vector<double> weights(kUsers);
  for (std::size_t i = 0; i < kUsers; ++i) weights[i] = 1.0 / std::pow(static_cast<double>(i + 1), skew);
  std::discrete_distribution<std::uint32_t> zipf(weights.begin(), weights.end());
  for (auto& user : users) user = zipf(random);
  return users;
}

UserCreated event_of(std::uint32_t user) {
  const auto number = std::to_string(user);
  return {.user_id = "user-" + number,
          .email = "user" + number + "@example.com",
          .username = "user_name_" + number,
          .registration_timestamp = user_events::Timestamp(std::chrono::milliseconds(1'700'000'000'000)),
          .status = "active"};
}

/// Finished messages, made before the clock runs: the bare producer only sends.
std::vector<BareMessage> make_messages(const std::vector<std::uint32_t>& users) {
  std::vector<BareMessage> messages(users.size());
  auto& random = user_events::ports::system_random();
  for (std::size_t i = 0; i < users.size(); ++i) {
    const auto event = event_of(users[i]);
    std::string id;
    user_events::base::append_uuid7(1'700'000'000'000, random, id);
    const std::string data = R"({"userId":")" + event.user_id + R"(","email":")" + event.email + R"(","username":")" +
                             *event.username + R"(","registrationTimestamp":"2023-11-14T22:13:20.000Z","status":"active"})";
    user_events::encoding::Envelope envelope;
    envelope.id = id;
    envelope.source = "urn:user-events";
    envelope.type = "user.created";
    envelope.partition_key = event.user_id;
    envelope.time_ms = 1'700'000'000'000;
    envelope.data = data;
    const std::string journal_id = "01890a5d-ac96-774b-bcce-b302099a8057";
    const user_events::encoding::Position position{journal_id, i + 1};
    messages[i].key = event.user_id;
    user_events::encoding::append_cloudevents_json(envelope, position, messages[i].body);
    messages[i].headers = {{"content-type", "application/cloudevents+json; charset=UTF-8"},
                           {"ce_id", id},
                           {"ce_journalid", journal_id},
                           {"ce_sequence", "00000000000000000001"}};
  }
  return messages;
}

Measurement run_bare(const std::string& broker, const std::vector<BareMessage>& messages) {
  BareProducer producer(broker, kTopic);
  return measure(messages.size(), [&] { producer.send(messages); });
}

user_events::UserEventPublisher open_library(const std::string& broker, const std::string& folder) {
  user_events::Options options;
  options.data_dir = folder;
  user_events::DestinationOptions kafka;
  kafka.name = "kafka";
  kafka.kind = "kafka";
  kafka.topic = kTopic;
  kafka.settings["kafka.bootstrap.servers"] = broker;
  options.destinations.push_back(kafka);
  auto publisher = user_events::UserEventPublisher::open(options);
  if (!publisher) die(describe(publisher.error()));
  return std::move(*publisher);
}

/// Typed events are made before the clock runs; forming, journal and delivery are inside.
Measurement run_library(const std::string& broker, const std::string& folder, const std::vector<AnyEvent>& events) {
  std::filesystem::remove_all(folder);
  auto publisher = open_library(broker, folder);
  if (auto warm = publisher.publish(std::get<UserCreated>(events[0])); !warm) die(describe(warm.error()));
  if (auto flushed = publisher.flush(60s); !flushed) die(describe(flushed.error()));
  const auto measured = measure(events.size(), [&] {
    for (std::size_t i = 0; i < events.size(); i += kBatch)
      publisher.publish_async(std::span(events).subspan(i, std::min(kBatch, events.size() - i)), [](user_events::Result<std::vector<user_events::Receipt>> receipts) {
        if (!receipts) die(describe(receipts.error()));
      });
    // A last publish is answered behind all the others, so the flush below knows them all.
    if (auto last = publisher.publish(std::get<UserCreated>(events[0])); !last) die(describe(last.error()));
    if (auto flushed = publisher.flush(300s); !flushed) die(describe(flushed.error()));
  });
  if (auto closed = publisher.close(); !closed) die(describe(closed.error()));
  return measured;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void report(const std::string& name, const std::string& unit, double value, double reference) {
  std::printf(R"({"name":"%s","value":%.6g,"unit":"%s","reference":%.6g,"ratio":%.3f})" "\n", name.c_str(), value, unit.c_str(),
              reference, value / reference);
  std::fflush(stdout);
}

void compare(const std::string& broker, const std::string& folder, std::size_t count, std::size_t rounds, const char* name, double skew) {
  const auto users = choose_users(count, skew);
  const auto messages = make_messages(users);
  std::vector<AnyEvent> events;
  events.reserve(count);
  for (const auto user : users) events.emplace_back(event_of(user));
  std::vector<double> bare_rate, bare_cpu, library_rate, library_cpu;
  for (std::size_t round = 0; round <= rounds; ++round) {
    const auto bare = run_bare(broker, messages);
    const auto library = run_library(broker, folder, events);
    if (round == 0) continue;  // warm-up of broker and page cache
    bare_rate.push_back(bare.events_per_second);
    bare_cpu.push_back(bare.cpu_us_per_event);
    library_rate.push_back(library.events_per_second);
    library_cpu.push_back(library.cpu_us_per_event);
  }
  report(std::string("library to Kafka, ") + name, "events/s", median(library_rate), median(bare_rate));
  report(std::string("library to Kafka, CPU, ") + name, "us/event", median(library_cpu), median(bare_cpu));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("usage: bench_library BROKER FOLDER [EVENTS [ROUNDS]]");
  const std::string broker = argv[1];
  const std::string folder = std::string(argv[2]) + "/data";
  const std::size_t events = argc > 3 ? std::stoul(argv[3]) : 500'000;
  const std::size_t rounds = argc > 4 ? std::stoul(argv[4]) : 3;
  compare(broker, folder, events, rounds, "100,000 users uniform", 0);
  compare(broker, folder, events, rounds, "100,000 users skewed", 1.0);
}
