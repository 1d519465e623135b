// What delivery itself costs an event, broker and encoding aside.
//
//     bench_delivery FOLDER [EVENTS [ROUNDS]]
#include <chrono>
#include <cstdlib>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/hash64.h"
#include "common/report.h"
#include "delivery/core.h"
#include "delivery/runner.h"
#include "destinations/waker.h"
#include "encoding/envelope.h"
#include "ports/random.h"

namespace {

using namespace user_events;
using bench::die;
using bench::median;
using bench::must;
using bench::report;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kUsers = 100'000;
constexpr std::size_t kBatch = 1'000;
constexpr std::uint32_t kInFlight = 10'000;

double cpu_ns() { return bench::cpu_seconds() * 1e9; }

/// Accepts everything at the next poll.
class NullDestination final : public destinations::Destination {
 public:
  NullDestination() { features_ = {.ordered_pipeline = true, .max_in_flight = kInFlight}; }
  const destinations::Features& features() const noexcept override { return features_; }
  Result<void> start(std::string_view, std::string_view, std::uint64_t) override { return {}; }
  destinations::SendStatus send(const destinations::Message& message) override {
    if (message.body.empty()) die("an event without a body");
    taken_.push_back(message.position.sequence);
    return destinations::SendStatus::queued;
  }
  void poll(std::vector<destinations::Report>& out, milliseconds timeout) override {
    if (taken_.empty() && timeout.count() > 0) waker_.sleep(timeout);
    for (const auto sequence : taken_) out.push_back({sequence, destinations::Outcome::accepted, {}});
    taken_.clear();
  }
  void wake() noexcept override { waker_.wake(); }
  destinations::Health health() const override { return {destinations::HealthState::up, {}, {}}; }
  void close(milliseconds) override {}

 private:
  destinations::Features features_;
  std::vector<std::uint64_t> taken_;
  destinations::Waker waker_;
};

/// CPU ns an event through the core: offered, sent, accepted, with `kInFlight` under way. A part of them fails once.
double core_ns(bool pipeline, std::size_t events, unsigned failing_permille) {
  delivery::CoreOptions options;
  options.ordered_pipeline = pipeline;
  options.max_in_flight = kInFlight;
  delivery::Core core(options, {});
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> keys(1 << 20);
  for (auto& key : keys) key = base::hash64(std::to_string(random() % kUsers), 7);
  std::deque<std::uint64_t> in_flight;
  std::vector<bool> tried(events + 1);
  delivery::Time now{};
  const double begin = cpu_ns();
  while (core.low_water() < events) {
    now += milliseconds(1);
    // As far ahead as the runner reads.
    while (core.wants_more() && core.next_offer() <= events && core.pending() - core.in_flight() < 4'096) core.offer(core.next_offer(), keys[core.next_offer() % keys.size()]);
    for (int i = 0; i < 1'000; ++i) {
      const auto action = core.next_action(now);
      if (!action) break;
      in_flight.push_back(action->sequence);
    }
    for (int i = 0; i < 1'000 && !in_flight.empty(); ++i) {
      const std::uint64_t sequence = in_flight.front();
      in_flight.pop_front();
      const bool fails = !tried[sequence] && sequence % 1'000 < failing_permille;
      tried[sequence] = true;
      core.result(sequence, fails ? destinations::Outcome::retry : destinations::Outcome::accepted, now);
    }
  }
  return (cpu_ns() - begin) / static_cast<double>(events);
}

void fill(journal::Journal& journal, std::size_t events) {
  std::mt19937_64 random(2);
  const std::string data = R"({"userId":"u-123456","email":"ada@example.com","registrationTimestamp":"2026-11-24T09:00:00.000Z","status":"active"})";
  for (std::size_t done = 0; done < events; done += kBatch) {
    std::deque<std::string> texts;
    std::vector<journal::RecordDraft> drafts(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) {
      auto& draft = drafts[i];
      draft.id = texts.emplace_back("0198a000-0000-7000-8000-" + std::to_string(100'000'000'000 + done + i));
      draft.type = "user.created";
      draft.key = texts.emplace_back("u-" + std::to_string(random() % kUsers));
      draft.scope = "urn:bench";
      encoding::Envelope envelope;
      envelope.id = draft.id;
      envelope.source = "urn:bench";
      envelope.type = draft.type;
      envelope.partition_key = draft.key;
      envelope.data = data;
      std::string payload;
      encoding::append_payload(envelope, payload);
      draft.payload = texts.emplace_back(std::move(payload));
    }
    journal.append(drafts, journal::Backpressure::wait, [](const auto& result) {
      if (!result) die(describe(result.error()));
    });
  }
  journal.wait_durable(events - 1, std::chrono::minutes(5));
}

/// The least that anything which delivers must do.
double read_ns(journal::Journal& journal, std::size_t events) {
  const double begin = cpu_ns();
  auto reader = journal.reader(0);
  std::uint64_t sum = 0;
  for (std::size_t count = 0; count < events;) {
    const auto chunk = reader.next();
    if (!chunk || chunk->empty()) die("the journal cannot be read");
    for (std::size_t i = 0; i < chunk->size(); ++i) {
      const auto& record = (*chunk)[i];
      sum += encoding::view(record.id, record.type, record.key, record.payload)->data.size();
    }
    count += chunk->size();
  }
  if (sum == 0) die("nothing read");
  return (cpu_ns() - begin) / static_cast<double>(events);
}

double runner_ns(journal::Journal& journal, state::State& state, const std::string& name, std::size_t events, double& events_per_second) {
  DestinationOptions options;
  options.name = name;
  const double begin = cpu_ns();
  const auto start = steady_clock::now();
  const auto runner = must(delivery::Runner::start(options, std::make_unique<NullDestination>(), encoding::make_json_encoder({}), journal, state, ports::system_clock()));
  while (runner->low_water() < events) std::this_thread::sleep_for(milliseconds(1));
  const std::chrono::duration<double> wall = steady_clock::now() - start;
  events_per_second = static_cast<double>(events) / wall.count();
  return (cpu_ns() - begin) / static_cast<double>(events);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) die("usage: bench_delivery FOLDER [EVENTS [ROUNDS]]");
  const std::size_t events = argc > 2 ? std::strtoull(argv[2], nullptr, 10) / kBatch * kBatch : 1'000'000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  journal::Options options;
  options.directory = std::string(argv[1]) + "/journal";
  const auto journal = must(journal::Journal::open(ports::posix_file_system(), ports::system_clock(), ports::system_random(), options));
  const auto state = must(state::State::open(std::string(argv[1]) + "/state.db"));
  fill(*journal, events);
  std::vector<double> pipeline, alone, failing, read, run, rate;
  for (int round = 0; round < rounds; ++round) {
    pipeline.push_back(core_ns(true, events, 0));
    alone.push_back(core_ns(false, events, 0));
    failing.push_back(core_ns(true, events, 10));
    read.push_back(read_ns(*journal, events));
    double per_second = 0;
    run.push_back(runner_ns(*journal, *state, "round-" + std::to_string(round), events, per_second));
    rate.push_back(per_second);
  }
  report("delivery core, pipeline, 100,000 keys", "ns CPU/event", median(pipeline));
  report("delivery core, one at a time per key", "ns CPU/event", median(alone));
  report("delivery core, pipeline, 1 % fail once", "ns CPU/event", median(failing));
  report("runner, journal to a null destination", "ns CPU/event", median(run), median(read));
  report("runner, journal to a null destination", "events/s", median(rate));
}
