// The SQS destination alone, beside a bare libcurl sender with the same messages, batches and requests in flight. Both take turns in one
// process, each on a queue of its own; medians of the rounds are reported. The destination encodes and gathers the events; the bare
// sender's requests are finished. CPU is this process's, not the emulator's.
//
//     bench_aws [EVENTS [ROUNDS]]
#include <algorithm>
#include <string>
#include <vector>

#include "aws/bare_sender.h"
#include "brokers/aws_emulator.h"
#include "common/comparison.h"
#include "common/events.h"
#include "destinations/aws/destination.h"

namespace {

using namespace std::chrono_literals;
using namespace user_events::bench;
namespace aws = user_events::destinations::aws;

constexpr std::uint32_t kRequestsInFlight = 16;

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
  start_and_wait(destination);
  Ours ours;
  ours.measurement = measure(events.size(), [&] { send_all(destination, events); });
  const auto& statistics = destination.statistics();
  ours.batch = static_cast<double>(statistics.messages) / static_cast<double>(statistics.requests);
  ours.in_flight = static_cast<double>(statistics.in_flight_when_sent) / static_cast<double>(statistics.requests);
  destination.close(10s);
  return ours;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 20'000;
  const std::size_t rounds = argc > 2 ? std::stoul(argv[2]) : 5;
  user_events::tests::AwsEmulator emulator("elasticmq");
  emulator.start();
  const auto events = make_events_of_distinct_users(count);
  Comparison comparison;
  std::vector<double> batch, in_flight;
  for (std::size_t round = 0; round <= rounds; ++round) {
    // Whoever comes second finds the emulator warmer: they take turns at that too.
    Measurement bare;
    const auto run_bare = [&] {
      const std::string queue = emulator.create_queue("bare-" + std::to_string(round));
      const auto bodies = make_bodies(queue, events);
      bare = measure(count, [&] { send_bare(emulator.endpoint(), bodies, kRequestsInFlight); });
      emulator.delete_queue(queue);
    };
    if (round % 2 == 0) run_bare();
    const std::string queue = emulator.create_queue("ours-" + std::to_string(round));
    const Ours ours = run_destination(queue, events);
    emulator.delete_queue(queue);
    if (round % 2 != 0) run_bare();
    if (round == 0) continue;  // warms up the emulator
    comparison.add(bare, ours.measurement);
    batch.push_back(ours.batch);
    in_flight.push_back(ours.in_flight);
  }
  comparison.report("sqs destination, encoding included");
  report("sqs destination, messages in a request", "messages", median(batch), static_cast<double>(aws::kMaxBatchEntries));
  report("sqs destination, requests in flight", "requests", median(in_flight), kRequestsInFlight);
}
