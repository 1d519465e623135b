// Library → journal → RabbitMQ, beside a bare librabbitmq publisher with 1,000 outstanding confirms and the same properties, headers and
// bodies. They take turns, each into a queue of its own that is empty; medians of the rounds are reported. CPU is
// this process's, not the broker's.
//
//     bench_rabbitmq FOLDER [EVENTS [ROUNDS]]
#include <random>
#include <string>
#include <vector>

#include "brokers/rabbitmq_broker.h"
#include "common/events.h"
#include "common/library.h"
#include "rabbitmq/bare_publisher.h"

namespace {

using namespace user_events::bench;
using user_events::tests::RabbitBroker;

constexpr std::size_t kOutstanding = 1'000;

/// Finished messages, made before the clock runs: the bare publisher only sends.
std::vector<BareMessage> make_messages(const std::vector<std::uint32_t>& users) {
  std::vector<BareMessage> messages(users.size());
  const std::string journal_id(kJournalId);
  for (std::size_t i = 0; i < users.size(); ++i) {
    auto event = finished_event_of(users[i], i + 1);
    messages[i].routing_key = "user.created";
    messages[i].headers = {{"cloudEvents_id", event.id}, {"cloudEvents_journalid", journal_id}, {"cloudEvents_sequence", sequence_text(i + 1)}};
    messages[i].message_id = std::move(event.id);
    messages[i].body = std::move(event.body);
  }
  return messages;
}

user_events::DestinationOptions options_of(const std::string& address, const std::string& exchange) {
  user_events::DestinationOptions options;
  options.name = options.kind = "rabbitmq";
  options.topic = exchange;
  options.settings["hosts"] = address;
  return options;
}

Measurement run_bare(int port, const std::string& exchange, const std::vector<BareMessage>& messages) {
  BarePublisher publisher(port, exchange, kOutstanding);
  publisher.send({messages.begin(), messages.begin() + 1});
  return measure(messages.size(), [&] { publisher.send(messages); });
}

void compare(RabbitBroker& broker, const std::string& folder, std::size_t count, std::size_t rounds, const std::string& queue_type) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::uint32_t> any(0, kUsers - 1);
  std::vector<std::uint32_t> users(count);
  for (auto& user : users) user = any(random);
  const auto messages = make_messages(users);
  const auto events = events_of(users);

  const std::string exchange = "bench." + queue_type;
  broker.declare_exchange(exchange);
  const auto in_empty_queue = [&](auto&& run) {
    broker.declare_queue(exchange, exchange, "#", {{"x-queue-type", queue_type}});
    const Measurement measured = run();
    broker.delete_queue(exchange);
    return measured;
  };
  Comparison comparison;
  for (std::size_t round = 0; round <= rounds; ++round) {
    const auto bare = in_empty_queue([&] { return run_bare(broker.port(), exchange, messages); });
    const auto library = in_empty_queue([&] { return run_library(options_of(broker.address(), exchange), folder, events); });
    if (round != 0) comparison.add(bare, library);  // the first warms up broker and page cache
  }
  comparison.report("library to RabbitMQ, " + queue_type + " queue");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) die("usage: bench_rabbitmq FOLDER [EVENTS [ROUNDS]]");
  const std::string folder = std::string(argv[1]) + "/data";
  const std::size_t events = argc > 2 ? std::stoul(argv[2]) : 100'000;
  const std::size_t rounds = argc > 3 ? std::stoul(argv[3]) : 3;
  RabbitBroker broker;
  broker.start();
  compare(broker, folder, events, rounds, "classic");
  compare(broker, folder, events, rounds, "quorum");
}
