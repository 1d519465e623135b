#include "destinations/runs.h"

#include <filesystem>
#include <thread>

namespace user_events::bench {
namespace {

using namespace std::chrono_literals;
using destinations::Report;

constexpr std::size_t kBetweenPolls = 1'000;
constexpr std::size_t kPublishedAtOnce = 1'000;

/// Sends all and waits until all are accepted.
void send_all(destinations::Destination& destination, std::span<const Event> events, Latencies& latencies) {
  std::vector<Report> reports;
  std::size_t sent = 0, accepted = 0;
  while (accepted < events.size()) {
    bool busy = false;
    for (std::size_t i = 0; i < kBetweenPolls && sent < events.size() && !busy; ++i) {
      latencies.sent(sent);
      busy = destination.send(message_of(events[sent])) == destinations::SendStatus::busy;
      if (!busy) ++sent;
    }
    reports.clear();
    destination.poll(reports, busy || sent == events.size() ? 20ms : 0ms);
    for (const Report& report : reports) {
      if (report.outcome != destinations::Outcome::accepted) die(report.reason);
      latencies.acknowledged(static_cast<std::size_t>(report.sequence - events[0].number));
    }
    accepted += reports.size();
  }
}

void start_and_wait(destinations::Destination& destination) {
  must(destination.start({}, kJournalId, 0));
  std::vector<Report> reports;
  while (destination.health().state != destinations::HealthState::up) destination.poll(reports, 100ms);
}

/// Until the first destination has acknowledged `sequence`.
void wait_until_acknowledged(const UserEventPublisher& publisher, std::uint64_t sequence) {
  while (publisher.status().destinations.front().acknowledged_sequence < sequence)
    std::this_thread::sleep_for(1ms);
}

std::uint64_t publish_one(UserEventPublisher& publisher, const AnyEvent& event) {
  return must(publisher.publish(std::get<UserCreated>(event))).sequence;
}

}  // namespace

Sample run_bare(BareClient& client, const Load& load, std::size_t events) {
  Latencies warm(load.warm.size());
  client.prepare(load.warm);
  client.send(load.warm, warm);
  const auto part = std::span(load.events).first(events);
  client.prepare(part);
  return take_sample(events, [&](Latencies& latencies) { client.send(part, latencies); });
}

Sample run_destination(const DestinationOptions& options, const Load& load, std::size_t events,
                       const std::function<void(const destinations::Destination&)>& observe) {
  const auto made = must(destinations::find_kind(options.kind)->make(options));
  destinations::Destination& destination = *made;
  start_and_wait(destination);
  Latencies warm(load.warm.size());
  send_all(destination, load.warm, warm);
  const auto sample = take_sample(events, [&](Latencies& latencies) {
    send_all(destination, std::span(load.events).first(events), latencies);
  });
  observe(destination);
  destination.close(10s);
  return sample;
}

Sample run_library(std::vector<DestinationOptions> destinations, const std::string& folder, const Load& load,
                   std::size_t events) {
  std::filesystem::remove_all(folder);
  Options options;
  options.data_dir = folder;
  options.log.level = "error";
  options.destinations = std::move(destinations);
  UserEventPublisher publisher = must(UserEventPublisher::open(options));
  wait_until_acknowledged(publisher, publish_one(publisher, load.typed[0]));
  const auto sample = take_sample(events, [&](Latencies&) {
    const auto part = std::span(load.typed).first(events);
    for (std::size_t i = 0; i < part.size(); i += kPublishedAtOnce)
      publisher.publish_async(part.subspan(i, std::min(kPublishedAtOnce, part.size() - i)),
                               [](Result<std::vector<Receipt>> receipts) {
                                 if (!receipts) die(describe(receipts.error()));
                               });
    // A last one has the highest sequence of all.
    wait_until_acknowledged(publisher, publish_one(publisher, load.typed[0]));
  });
  // A destination that is dead keeps its events: closing waits for it no longer than this.
  if (auto closed = publisher.close(100ms); !closed && options.destinations.size() == 1)
    die(describe(closed.error()));
  return sample;
}

}  // namespace user_events::bench
