// The SQS destination alone, beside a bare libcurl sender with the same messages, batches and requests in flight. Both take turns in one
// process, each on a queue of its own; medians of the rounds are reported. The destination encodes and gathers the events; the bare
// sender's requests are finished. CPU is this process's, not the emulator's.
//
//     bench_aws [EVENTS [ROUNDS]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "aws/bare_sender.h"
#include "brokers/aws_emulator.h"
#include "destinations/aws/destination.h"

namespace {

using namespace std::chrono_literals;
using namespace user_events::destinations;

constexpr std::uint32_t kRequestsInFlight = 16;
constexpr std::string_view kJournal = "01890a5d-ac96-774b-bcce-b302099a8057";

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "bench_aws: %s\n", why.c_str());
  std::exit(1);
}

struct Event {
  std::string id, user, data;
};

/// Each of a user of its own: what the delivery core hands out at one time is of different users too.
std::vector<Event> make_events(std::size_t count) {
  std::vector<Event> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = std::to_string(i);
    char id[40];
    std::snprintf(id, sizeof id, "01890a5d-ac96-774b-8000-%012zx", i);
    events[i] = {.id = id,
                 .user = "user-" + user,
                 .data = R"({"userId":"user-)" + user + R"(","email":"user)" + user + R"(@example.com","username":"user_name_)" + user +
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

std::vector<std::string> make_bodies(const std::string& queue, const std::vector<Event>& events) {
  std::vector<std::string> bodies;
  for (std::size_t at = 0; at < events.size(); at += aws::kMaxBatchEntries) {
    std::vector<aws::Entry> entries;
    for (std::size_t i = at; i < std::min(at + aws::kMaxBatchEntries, events.size()); ++i)
      entries.push_back(aws::make_entry(message_of(events[i], i + 1), user_events::encoding::Format::cloudevents, false));
    aws::sqs_service().append_request(queue, entries, bodies.emplace_back());
  }
  return bodies;
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
  return {.rate = static_cast<double>(events) / wall.count(), .cpu_us = (cpu() - cpu_before) / static_cast<double>(events)};
}

void send_all(Destination& destination, const std::vector<Event>& events) {
  std::vector<Report> reports;
  std::size_t sent = 0, accepted = 0;
  while (accepted < events.size()) {
    while (sent < events.size() && destination.send(message_of(events[sent], sent + 1)) == SendStatus::queued) ++sent;
    reports.clear();
    destination.poll(reports, 20ms);
    for (const Report& report : reports)
      if (report.outcome != Outcome::accepted) die(report.reason);
    accepted += reports.size();
  }
}

struct Ours {
  Measurement measurement;
  double batch = 0, in_flight = 0;
};

Ours run_destination(const std::string& queue, const std::vector<Event>& events) {
  user_events::DestinationOptions options;
  options.name = options.kind = "sqs";
  options.topic = queue;
  options.settings = {{"region", "us-east-1"}, {"access_key_id", "test"}, {"secret_access_key", "test"},
                      {"max_requests_in_flight", std::to_string(kRequestsInFlight)}};
  auto config = aws::parse(options, aws::ServiceKind::sqs);
  if (!config) die(describe(config.error()));
  aws::AwsDestination destination(*std::move(config));
  if (auto started = destination.start({}, kJournal, 0); !started) die(describe(started.error()));
  std::vector<Report> reports;
  while (destination.health().state != HealthState::up) destination.poll(reports, 100ms);
  Ours ours;
  ours.measurement = measure(events.size(), [&] { send_all(destination, events); });
  const auto& statistics = destination.statistics();
  ours.batch = static_cast<double>(statistics.messages) / static_cast<double>(statistics.requests);
  ours.in_flight = static_cast<double>(statistics.in_flight_when_sent) / static_cast<double>(statistics.requests);
  destination.close(10s);
  return ours;
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
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 20'000;
  const std::size_t rounds = argc > 2 ? std::stoul(argv[2]) : 5;
  user_events::tests::AwsEmulator emulator("elasticmq");
  emulator.start();
  const auto events = make_events(count);
  std::vector<double> bare_rate, bare_cpu, our_rate, our_cpu, batch, in_flight;
  for (std::size_t round = 0; round <= rounds; ++round) {
    // Whoever comes second finds the emulator warmer: they take turns at that too.
    Measurement bare;
    const auto run_bare = [&] {
      const std::string queue = emulator.create_queue("bare-" + std::to_string(round));
      const auto bodies = make_bodies(queue, events);
      bare = measure(count, [&] { user_events::bench::send_bare(emulator.endpoint(), bodies, kRequestsInFlight); });
      emulator.delete_queue(queue);
    };
    if (round % 2 == 0) run_bare();
    const std::string queue = emulator.create_queue("ours-" + std::to_string(round));
    const Ours ours = run_destination(queue, events);
    emulator.delete_queue(queue);
    if (round % 2 != 0) run_bare();
    if (round == 0) continue;  // warms up the emulator
    bare_rate.push_back(bare.rate);
    bare_cpu.push_back(bare.cpu_us);
    our_rate.push_back(ours.measurement.rate);
    our_cpu.push_back(ours.measurement.cpu_us);
    batch.push_back(ours.batch);
    in_flight.push_back(ours.in_flight);
  }
  report("sqs destination, encoding included", "events/s", median(our_rate), median(bare_rate));
  report("sqs destination, CPU, encoding included", "us/event", median(our_cpu), median(bare_cpu));
  report("sqs destination, messages in a request", "messages", median(batch), static_cast<double>(aws::kMaxBatchEntries));
  report("sqs destination, requests in flight", "requests", median(in_flight), kRequestsInFlight);
}
