// The Kafka destination alone, beside a bare librdkafka producer with the same settings, keys, headers and
// values. Both take turns in one process; medians of the rounds are reported. The destination encodes each
// event; the bare producer's messages are finished. CPU is this process's, librdkafka's threads included, not
// the broker's.
//
//     bench_kafka [EVENTS [ROUNDS]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "brokers/kafka_broker.h"
#include "destinations/kafka/kafka.h"
#include "kafka/bare_producer.h"

namespace {

using namespace std::chrono_literals;
using user_events::bench::BareMessage;
using user_events::bench::BareProducer;
using user_events::destinations::HealthState;
using user_events::destinations::Message;
using user_events::destinations::Outcome;
using user_events::destinations::Report;
using user_events::destinations::SendStatus;
using user_events::destinations::kafka::KafkaDestination;

constexpr std::uint32_t kUsers = 100'000;
constexpr int kPartitions = 6;
constexpr std::string_view kJournal = "01890a5d-ac96-774b-bcce-b302099a8057";

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "bench_kafka: %s\n", why.c_str());
  std::exit(1);
}

struct Event {
  std::string id, user, data;
};

std::vector<Event> make_events(std::size_t count) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::uint32_t> any(0, kUsers - 1);
  std::vector<Event> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = std::to_string(any(random));
    char id[40];
    std::snprintf(id, sizeof id, "01890a5d-ac96-774b-8000-%012zx", i);
    events[i] = {.id = id,
                 .user = "user-" + user,
                 .data = R"({"userId":"user-)" + user + R"(","email":"user)" + user +
                         R"(@example.com","username":"user_name_)" + user +
                         R"(","registrationTimestamp":"2023-11-14T22:13:20.000Z","status":"active"})"};
  }
  return events;
}

Message message_of(const Event& event, std::uint64_t sequence) {
  Message message;
  message.envelope.id = event.id;
  message.envelope.source = "urn:user-events";
  message.envelope.type = "user.created";
  message.envelope.partition_key = event.user;
  message.envelope.time_ms = 1'700'000'000'000;
  message.envelope.data = event.data;
  message.position = {.journal_id = kJournal, .sequence = sequence};
  return message;
}

std::vector<BareMessage> make_bare(const std::vector<Event>& events) {
  std::vector<BareMessage> messages(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Message message = message_of(events[i], i + 1);
    char sequence[24];
    std::snprintf(sequence, sizeof sequence, "%020zu", i + 1);
    messages[i].key = events[i].user;
    user_events::encoding::append_cloudevents_json(message.envelope, message.position, messages[i].body);
    messages[i].headers = {{"content-type", "application/cloudevents+json; charset=UTF-8"},
                           {"ce_id", events[i].id},
                           {"ce_journalid", std::string(kJournal)},
                           {"ce_sequence", sequence}};
  }
  return messages;
}

struct Measurement {
  double rate = 0, cpu_us = 0;
};

template <class Work>
Measurement measure(std::size_t events, Work&& work) {
  const auto cpu = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  };
  const double cpu_before = cpu();
  const auto before = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - before;
  return {.rate = static_cast<double>(events) / wall.count(),
          .cpu_us = (cpu() - cpu_before) / static_cast<double>(events)};
}

Measurement run_bare(const std::string& address, const std::string& topic,
                     const std::vector<BareMessage>& messages) {
  BareProducer producer(address, topic);
  producer.send({messages.begin(), messages.begin() + 100});  // connects
  return measure(messages.size(), [&] { producer.send(messages); });
}

void send_all(KafkaDestination& destination, const std::vector<Event>& events, std::size_t first_sequence) {
  std::vector<Report> reports;
  std::size_t sent = 0, accepted = 0;
  while (accepted < events.size()) {
    constexpr std::size_t kBetweenPolls = 1'000;
    bool busy = false;
    for (std::size_t i = 0; i < kBetweenPolls && sent < events.size() && !busy; ++i) {
      busy = destination.send(message_of(events[sent], first_sequence + sent)) == SendStatus::busy;
      if (!busy) ++sent;
    }
    reports.clear();
    destination.poll(reports, busy || sent == events.size() ? 20ms : 0ms);
    for (const Report& report : reports)
      if (report.outcome != Outcome::accepted) die(report.reason);
    accepted += reports.size();
  }
}

Measurement run_destination(const std::string& address, const std::string& topic,
                            const std::vector<Event>& events) {
  user_events::DestinationOptions options;
  options.topic = topic;
  options.settings["kafka.bootstrap.servers"] = address;
  auto config = user_events::destinations::kafka::parse(options);
  if (!config) die(describe(config.error()));
  KafkaDestination destination(*std::move(config));
  if (auto started = destination.start({}, kJournal, 0); !started) die(describe(started.error()));
  std::vector<Report> reports;
  while (destination.health().state != HealthState::up) destination.poll(reports, 100ms);
  send_all(destination, {events.begin(), events.begin() + 100}, 1'000'000'000);  // connects
  const Measurement result = measure(events.size(), [&] { send_all(destination, events, 1); });
  destination.close(10s);
  return result;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void report(const char* name, const char* unit, double value, double reference) {
  std::printf(R"({"name":"%s","value":%.4g,"unit":"%s","reference":%.4g,"ratio":%.3f})"
              "\n",
              name, value, unit, reference, value / reference);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 400'000;
  const std::size_t rounds = argc > 2 ? std::stoul(argv[2]) : 5;
  user_events::tests::KafkaBroker broker;
  broker.start();
  const auto events = make_events(count);
  const auto messages = make_bare(events);
  std::vector<double> bare_rate, bare_cpu, our_rate, our_cpu;
  for (std::size_t round = 0; round <= rounds; ++round) {
    const std::string topic = "bench." + std::to_string(round);
    broker.create_topic(topic, kPartitions);
    // Whoever comes second finds the broker warmer: they take turns at that too.
    Measurement bare, ours;
    if (round % 2 == 0) bare = run_bare(broker.address(), topic, messages);
    ours = run_destination(broker.address(), topic, events);
    if (round % 2 != 0) bare = run_bare(broker.address(), topic, messages);
    broker.delete_topic(topic);
    if (round == 0) continue;  // warms up broker and page cache
    bare_rate.push_back(bare.rate);
    bare_cpu.push_back(bare.cpu_us);
    our_rate.push_back(ours.rate);
    our_cpu.push_back(ours.cpu_us);
  }
  report("kafka destination, encoding included", "events/s", median(our_rate), median(bare_rate));
  report("kafka destination, CPU, encoding included", "us/event", median(our_cpu), median(bare_cpu));
}
