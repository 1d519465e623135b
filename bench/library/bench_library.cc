// Library → journal → Kafka, beside a bare librdkafka producer with the same settings, keys, headers and values. The two take turns;
// medians of the rounds are reported. CPU is this process's (librdkafka's threads included), not the broker's.
//
//     bench_library BROKER FOLDER [EVENTS [ROUNDS]]
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "common/events.h"
#include "common/library.h"
#include "kafka/bare_producer.h"

namespace {

using namespace user_events::bench;

constexpr const char* kTopic = "user.events";

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

/// Finished messages, made before the clock runs: the bare producer only sends.
std::vector<BareMessage> make_messages(const std::vector<std::uint32_t>& users) {
  std::vector<BareMessage> messages(users.size());
  for (std::size_t i = 0; i < users.size(); ++i) {
    auto event = finished_event_of(users[i], i + 1);
    messages[i].key = std::move(event.key);
    messages[i].body = std::move(event.body);
    messages[i].headers = {{"content-type", "application/cloudevents+json; charset=UTF-8"},
                           {"ce_id", std::move(event.id)},
                           {"ce_journalid", std::string(kJournalId)},
                           {"ce_sequence", sequence_text(i + 1)}};
  }
  return messages;
}

Measurement run_bare(const std::string& broker, const std::vector<BareMessage>& messages) {
  BareProducer producer(broker, kTopic);
  return measure(messages.size(), [&] { producer.send(messages); });
}

user_events::DestinationOptions options_of(const std::string& broker) {
  user_events::DestinationOptions options;
  options.name = options.kind = "kafka";
  options.topic = kTopic;
  options.settings["kafka.bootstrap.servers"] = broker;
  return options;
}

void compare(const std::string& broker, const std::string& folder, std::size_t count, std::size_t rounds, const char* name, double skew) {
  const auto users = choose_users(count, skew);
  const auto messages = make_messages(users);
  const auto events = events_of(users);
  Comparison comparison;
  for (std::size_t round = 0; round <= rounds; ++round) {
    const auto bare = run_bare(broker, messages);
    const auto library = run_library(options_of(broker), folder, events);
    if (round != 0) comparison.add(bare, library);  // the first warms up broker and page cache
  }
  comparison.report(std::string("library to Kafka, ") + name);
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
