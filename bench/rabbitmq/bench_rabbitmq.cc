// Library → journal → RabbitMQ, beside a bare librabbitmq publisher with 1,000 outstanding confirms and the same properties, headers and
// bodies. They take turns, each into a queue of its own that is empty; medians of the rounds are reported. CPU is
// this process's, not the broker's.
//
//     bench_rabbitmq FOLDER [EVENTS [ROUNDS]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "brokers/rabbitmq_broker.h"
#include "encoding/envelope.h"
#include "ports/random.h"
#include "rabbitmq/bare_publisher.h"
#include "user_events/publisher.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using user_events::AnyEvent;
using user_events::UserCreated;
using user_events::bench::BareMessage;
using user_events::bench::BarePublisher;
using user_events::tests::RabbitBroker;

constexpr std::size_t kUsers = 100'000;
constexpr std::size_t kBatch = 1'000;
constexpr std::size_t kOutstanding = 1'000;

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
  std::fprintf(stderr, "bench_rabbitmq: %s\n", why.c_str());
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

UserCreated event_of(std::uint32_t user) {
  const auto number = std::to_string(user);
  return {.user_id = "user-" + number,
          .email = "user" + number + "@example.com",
          .username = "user_name_" + number,
          .registration_timestamp = user_events::Timestamp(std::chrono::milliseconds(1'700'000'000'000)),
          .status = "active"};
}

/// Finished messages, made before the clock runs: the bare publisher only sends.
std::vector<BareMessage> make_messages(const std::vector<std::uint32_t>& users) {
  std::vector<BareMessage> messages(users.size());
  auto& random = user_events::ports::system_random();
  const std::string journal_id = "01890a5d-ac96-774b-bcce-b302099a8057";
  for (std::size_t i = 0; i < users.size(); ++i) {
    const auto event = event_of(users[i]);
    BareMessage& message = messages[i];
    message.routing_key = "user.created";
    user_events::base::append_uuid7(1'700'000'000'000, random, message.message_id);
    const std::string data = R"({"userId":")" + event.user_id + R"(","email":")" + event.email + R"(","username":")" + *event.username +
                             R"(","registrationTimestamp":"2023-11-14T22:13:20.000Z","status":"active"})";
    user_events::encoding::Envelope envelope;
    envelope.id = message.message_id;
    envelope.source = "urn:user-events";
    envelope.type = message.routing_key;
    envelope.partition_key = event.user_id;
    envelope.time_ms = 1'700'000'000'000;
    envelope.data = data;
    user_events::encoding::append_cloudevents_json(envelope, {.journal_id = journal_id, .sequence = i + 1}, message.body);
    message.headers = {{"cloudEvents_id", message.message_id}, {"cloudEvents_journalid", journal_id}, {"cloudEvents_sequence", "00000000000000000001"}};
  }
  return messages;
}

user_events::UserEventPublisher open_library(const std::string& address, const std::string& exchange, const std::string& folder) {
  user_events::Options options;
  options.data_dir = folder;
  user_events::DestinationOptions rabbitmq;
  rabbitmq.name = rabbitmq.kind = "rabbitmq";
  rabbitmq.topic = exchange;
  rabbitmq.settings["hosts"] = address;
  options.destinations.push_back(rabbitmq);
  auto publisher = user_events::UserEventPublisher::open(options);
  if (!publisher) die(describe(publisher.error()));
  return std::move(*publisher);
}

/// Typed events are made before the clock runs; forming, journal and delivery are inside.
Measurement run_library(const std::string& address, const std::string& exchange, const std::string& folder, const std::vector<AnyEvent>& events) {
  std::filesystem::remove_all(folder);
  auto publisher = open_library(address, exchange, folder);
  if (auto warm = publisher.publish(std::get<UserCreated>(events[0])); !warm) die(describe(warm.error()));
  if (auto flushed = publisher.flush(60s); !flushed) die(describe(flushed.error()));
  const auto measured = measure(events.size(), [&] {
    for (std::size_t i = 0; i < events.size(); i += kBatch)
      publisher.publish_async(std::span(events).subspan(i, std::min(kBatch, events.size() - i)),
                              [](user_events::Result<std::vector<user_events::Receipt>> receipts) {
                                if (!receipts) die(describe(receipts.error()));
                              });
    // A last publish is answered behind all the others, so the flush below knows them all.
    if (auto last = publisher.publish(std::get<UserCreated>(events[0])); !last) die(describe(last.error()));
    if (auto flushed = publisher.flush(300s); !flushed) die(describe(flushed.error()));
  });
  if (auto closed = publisher.close(); !closed) die(describe(closed.error()));
  return measured;
}

Measurement run_bare(int port, const std::string& exchange, const std::vector<BareMessage>& messages) {
  BarePublisher publisher(port, exchange, kOutstanding);
  publisher.send({messages.begin(), messages.begin() + 1});
  return measure(messages.size(), [&] { publisher.send(messages); });
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void report(const std::string& name, const std::string& unit, double value, double reference) {
  std::printf(R"({"name":"%s","value":%.6g,"unit":"%s","reference":%.6g,"ratio":%.3f})" "\n", name.c_str(), value, unit.c_str(), reference,
              value / reference);
  std::fflush(stdout);
}

void compare(RabbitBroker& broker, const std::string& folder, std::size_t count, std::size_t rounds, const std::string& queue_type) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::uint32_t> any(0, kUsers - 1);
  std::vector<std::uint32_t> users(count);
  for (auto& user : users) user = any(random);
  const auto messages = make_messages(users);
  std::vector<AnyEvent> events;
  events.reserve(count);
  for (const auto user : users) events.emplace_back(event_of(user));

  const std::string exchange = "bench." + queue_type;
  broker.declare_exchange(exchange);
  const auto in_empty_queue = [&](auto&& run) {
    broker.declare_queue(exchange, exchange, "#", {{"x-queue-type", queue_type}});
    const Measurement measured = run();
    broker.delete_queue(exchange);
    return measured;
  };
  std::vector<double> bare_rate, bare_cpu, library_rate, library_cpu;
  for (std::size_t round = 0; round <= rounds; ++round) {
    const auto bare = in_empty_queue([&] { return run_bare(broker.port(), exchange, messages); });
    const auto library = in_empty_queue([&] { return run_library(broker.address(), exchange, folder, events); });
    if (round == 0) continue;  // warm-up of broker and page cache
    bare_rate.push_back(bare.events_per_second);
    bare_cpu.push_back(bare.cpu_us_per_event);
    library_rate.push_back(library.events_per_second);
    library_cpu.push_back(library.cpu_us_per_event);
  }
  const std::string name = "library to RabbitMQ, " + queue_type + " queue";
  report(name, "events/s", median(library_rate), median(bare_rate));
  report(name + ", CPU", "us/event", median(library_cpu), median(bare_cpu));
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
