// The NATS JetStream destination alone, beside bare libnats that publishes finished messages of the same subjects, headers and bodies with 1,000
// acknowledgements awaited at once. Both take turns in one process; medians of the rounds are reported. CPU is this process's, not the server's.
//
//     bench_nats [EVENTS [ROUNDS]]
#include <nats/nats.h>

#include <string>
#include <vector>

#include "brokers/nats_server.h"
#include "common/comparison.h"
#include "common/events.h"
#include "destinations/nats/nats.h"

namespace {

using namespace std::chrono_literals;
using namespace user_events::bench;
using user_events::destinations::nats::NatsDestination;

constexpr int kBareOutstanding = 1'000;
constexpr const char* kSubject = "bench.user.created";

void require(natsStatus status) {
  if (status != NATS_OK) die(natsStatus_GetText(status));
}

Measurement run_bare(const std::string& url, const std::vector<Event>& events) {
  const std::string journal(kJournalId);
  std::vector<std::string> bodies(events.size()), sequences(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto message = message_of(events[i], i + 1);
    user_events::encoding::append_cloudevents_json(message.envelope, message.position, bodies[i]);
    sequences[i] = sequence_text(i + 1);
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
      natsMsgHeader_Set(msg, "ce-sequence", sequences[i].c_str());
      natsMsgHeader_Set(msg, "ce-journalid", journal.c_str());
      require(js_PublishMsgAsync(js, &msg, nullptr));
    }
    require(js_PublishAsyncComplete(js, nullptr));
  });
  jsCtx_Destroy(js);
  natsConnection_Destroy(connection);
  return result;
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
  start_and_wait(destination);
  const Measurement result = measure(events.size(), [&] { send_all(destination, events, 1); });
  destination.close(10s);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 200'000;
  const std::size_t rounds = argc > 2 ? std::stoul(argv[2]) : 5;
  user_events::tests::NatsServer server;
  server.start();
  server.create_stream("BENCH", "bench.>");
  const auto events = make_events(count);
  Comparison comparison;
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
    if (round != 0) comparison.add(bare, ours);  // the first warms up the server
  }
  comparison.report("nats destination, encoding included");
}
