// The NATS JetStream destination alone, beside bare libnats that publishes finished messages of the same subjects, headers and bodies with 1,000
// acknowledgements awaited at once. Both take turns in one process; medians of the rounds are reported. CPU is this process's, not the server's.
//
//     bench_nats [EVENTS [ROUNDS]]
#include <nats/nats.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "brokers/nats_server.h"
#include "destinations/nats/nats.h"

namespace {

using namespace std::chrono_literals;
using user_events::destinations::HealthState;
using user_events::destinations::Message;
using user_events::destinations::Outcome;
using user_events::destinations::Report;
using user_events::destinations::SendStatus;
using user_events::destinations::nats::NatsDestination;

constexpr std::uint32_t kUsers = 100'000;
constexpr int kBareOutstanding = 1'000;
constexpr const char* kJournal = "01890a5d-ac96-774b-bcce-b302099a8057";
constexpr const char* kSubject = "bench.user.created";

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "bench_nats: %s\n", why.c_str());
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

void require(natsStatus status) {
  if (status != NATS_OK) die(natsStatus_GetText(status));
}

Measurement run_bare(const std::string& url, const std::vector<Event>& events) {
  std::vector<std::string> bodies(events.size());
  std::vector<std::array<char, 24>> sequences(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Message message = message_of(events[i], i + 1);
    user_events::encoding::append_cloudevents_json(message.envelope, message.position, bodies[i]);
    std::snprintf(sequences[i].data(), sequences[i].size(), "%020zu", i + 1);
  }
  natsConnection* connection = nullptr;
  require(natsConnection_ConnectTo(&connection, url.c_str()));
  jsOptions options;
  jsOptions_Init(&options);
  options.PublishAsync.MaxPending = kBareOutstanding;
  options.PublishAsync.StallWait = 10'000;
  options.PublishAsync.ErrHandler = [](jsCtx*, jsPubAckErr* error, void*) { die(error->ErrText); };
  jsCtx* js = nullptr;
  require(natsConnection_JetStream(&js, connection, &options));
  const Measurement result = measure(events.size(), [&] {
    for (std::size_t i = 0; i < events.size(); ++i) {
      natsMsg* msg = nullptr;
      require(natsMsg_Create(&msg, kSubject, nullptr, bodies[i].data(), static_cast<int>(bodies[i].size())));
      natsMsgHeader_Set(msg, "Nats-Msg-Id", events[i].id.c_str());
      natsMsgHeader_Set(msg, "Nats-Expected-Stream", "BENCH");
      natsMsgHeader_Set(msg, "content-type", "application/cloudevents+json; charset=UTF-8");
      natsMsgHeader_Set(msg, "ce-id", events[i].id.c_str());
      natsMsgHeader_Set(msg, "ce-sequence", sequences[i].data());
      natsMsgHeader_Set(msg, "ce-journalid", kJournal);
      require(js_PublishMsgAsync(js, &msg, nullptr));
    }
    require(js_PublishAsyncComplete(js, nullptr));
  });
  jsCtx_Destroy(js);
  natsConnection_Destroy(connection);
  return result;
}

void send_all(NatsDestination& destination, const std::vector<Event>& events, std::size_t first_sequence) {
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

Measurement run_destination(const std::string& url, const std::vector<Event>& events) {
  user_events::DestinationOptions options;
  options.name = "bench";
  options.kind = "nats";
  options.topic = "bench.{type}";
  options.settings = {{"servers", url}, {"stream", "BENCH"}};
  auto config = user_events::destinations::nats::parse(options);
  if (!config) die(describe(config.error()));
  NatsDestination destination(*std::move(config));
  if (auto started = destination.start({}, kJournal, 0); !started) die(describe(started.error()));
  std::vector<Report> reports;
  while (destination.health().state != HealthState::up) destination.poll(reports, 100ms);
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
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 200'000;
  const std::size_t rounds = argc > 2 ? std::stoul(argv[2]) : 5;
  user_events::tests::NatsServer server;
  server.start();
  server.create_stream("BENCH", "bench.>");
  const auto events = make_events(count);
  std::vector<double> bare_rate, bare_cpu, our_rate, our_cpu;
  for (std::size_t round = 0; round <= rounds; ++round) {
    Measurement bare, ours;
    const auto fresh = [&] {  // so that no message id is known
      server.delete_stream("BENCH");
      server.create_stream("BENCH", "bench.>");
    };
    // Whoever comes second finds the server warmer: they take turns at that too.
    for (const bool is_bare : {round % 2 == 0, round % 2 != 0}) {
      fresh();
      (is_bare ? bare : ours) = is_bare ? run_bare(server.url(), events) : run_destination(server.url(), events);
    }
    if (round == 0) continue;  // warms up the server
    bare_rate.push_back(bare.rate);
    bare_cpu.push_back(bare.cpu_us);
    our_rate.push_back(ours.rate);
    our_cpu.push_back(ours.cpu_us);
  }
  report("nats destination, encoding included", "events/s", median(our_rate), median(bare_rate));
  report("nats destination, CPU, encoding included", "us/event", median(our_cpu), median(bare_cpu));
}
