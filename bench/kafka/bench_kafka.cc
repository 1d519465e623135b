// The Kafka destination alone, beside a bare librdkafka producer with the same settings, keys, headers and
// values. Both take turns in one process; medians of the rounds are reported. The destination encodes each
// event; the bare producer's messages are finished. CPU is this process's, librdkafka's threads included, not
// the broker's.
//
//     bench_kafka [EVENTS [ROUNDS]]
#include <string>
#include <vector>

#include "brokers/kafka_broker.h"
#include "common/comparison.h"
#include "common/events.h"
#include "destinations/kafka/kafka.h"
#include "kafka/bare_producer.h"

namespace {

using namespace std::chrono_literals;
using namespace user_events::bench;
using user_events::destinations::kafka::KafkaDestination;

constexpr int kPartitions = 6;

std::vector<BareMessage> make_bare(const std::vector<Event>& events) {
  std::vector<BareMessage> messages(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto message = message_of(events[i], i + 1);
    messages[i].key = events[i].user;
    user_events::encoding::append_cloudevents_json(message.envelope, message.position, messages[i].body);
    messages[i].headers = {{"content-type", "application/cloudevents+json; charset=UTF-8"},
                           {"ce_id", events[i].id},
                           {"ce_journalid", std::string(kJournalId)},
                           {"ce_sequence", sequence_text(i + 1)}};
  }
  return messages;
}

Measurement run_bare(const std::string& address, const std::string& topic,
                     const std::vector<BareMessage>& messages) {
  BareProducer producer(address, topic);
  producer.send({messages.begin(), messages.begin() + 100});  // connects
  return measure(messages.size(), [&] { producer.send(messages); });
}

Measurement run_destination(const std::string& address, const std::string& topic,
                            const std::vector<Event>& events) {
  user_events::DestinationOptions options;
  options.topic = topic;
  options.settings["kafka.bootstrap.servers"] = address;
  auto config = user_events::destinations::kafka::parse(options);
  if (!config) die(describe(config.error()));
  KafkaDestination destination(*std::move(config));
  start_and_wait(destination);
  send_all(destination, {events.begin(), events.begin() + 100}, 1'000'000'000);  // connects
  const Measurement result = measure(events.size(), [&] { send_all(destination, events, 1); });
  destination.close(10s);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 400'000;
  const std::size_t rounds = argc > 2 ? std::stoul(argv[2]) : 5;
  user_events::tests::KafkaBroker broker;
  broker.start();
  const auto events = make_events(count);
  const auto messages = make_bare(events);
  Comparison comparison;
  for (std::size_t round = 0; round <= rounds; ++round) {
    const std::string topic = "bench." + std::to_string(round);
    broker.create_topic(topic, kPartitions);
    // Whoever comes second finds the broker warmer: they take turns at that too.
    Measurement bare, ours;
    if (round % 2 == 0) bare = run_bare(broker.address(), topic, messages);
    ours = run_destination(broker.address(), topic, events);
    if (round % 2 != 0) bare = run_bare(broker.address(), topic, messages);
    broker.delete_topic(topic);
    if (round != 0) comparison.add(bare, ours);  // the first warms up broker and page cache
  }
  comparison.report("kafka destination, encoding included");
}
