// Bare libnats: JetStream messages of the same subjects, headers and bodies with 1,000 acknowledgements
// awaited at once.
#include <nats/nats.h>

#include "brokers/nats_server.h"
#include "destinations/brokers.h"

namespace user_events::bench {
namespace {

constexpr int kOutstanding = 1'000;

void require(natsStatus status) {
  if (status != NATS_OK) die(natsStatus_GetText(status));
}

/// libnats 3.4 tells of failures only, so there are no latencies.
class BareJetStream final : public BareClient {
 public:
  BareJetStream(const std::string& url, std::string stream)
      : stream_(std::move(stream)), subject_(stream_ + ".user.created") {
    require(natsConnection_ConnectTo(&connection_, url.c_str()));
    jsOptions options;
    jsOptions_Init(&options);
    options.PublishAsync.MaxPending = kOutstanding;
    options.PublishAsync.StallWait = 10'000;
    options.PublishAsync.ErrHandler = [](jsCtx*, jsPubAckErr* error, void*) { die(error->ErrText); };
    require(natsConnection_JetStream(&js_, connection_, &options));
  }
  ~BareJetStream() override {
    jsCtx_Destroy(js_);
    natsConnection_Destroy(connection_);
  }

  void send(std::span<const Event> events, Latencies&) override {
    const std::string journal(kJournalId);
    for (const Event& event : events) {
      natsMsg* msg = nullptr;
      require(natsMsg_Create(&msg, subject_.c_str(), nullptr, event.body.data(),
                             static_cast<int>(event.body.size())));
      natsMsgHeader_Set(msg, "Nats-Msg-Id", event.id.c_str());
      natsMsgHeader_Set(msg, "Nats-Expected-Stream", stream_.c_str());
      natsMsgHeader_Set(msg, "content-type", "application/cloudevents+json; charset=UTF-8");
      natsMsgHeader_Set(msg, "ce-id", event.id.c_str());
      natsMsgHeader_Set(msg, "ce-sequence", event.sequence.c_str());
      natsMsgHeader_Set(msg, "ce-journalid", journal.c_str());
      require(js_PublishMsgAsync(js_, &msg, nullptr));
    }
    require(js_PublishAsyncComplete(js_, nullptr));
  }

 private:
  const std::string stream_, subject_;
  natsConnection* connection_ = nullptr;
  jsCtx* js_ = nullptr;
};

class Nats final : public Broker {
 public:
  void start() override { server_.start(); }
  void make_place(const std::string& place) override { server_.create_stream(place, place + ".>"); }
  void remove_place(const std::string& place) override { server_.delete_stream(place); }
  DestinationOptions options(const std::string& place) const override {
    DestinationOptions options;
    options.name = options.kind = "nats";
    options.topic = place + ".{type}";
    options.settings = {{"servers", server_.url()}, {"stream", place}};
    return options;
  }
  std::unique_ptr<BareClient> connect(const std::string& place) const override {
    return std::make_unique<BareJetStream>(server_.url(), place);
  }

 private:
  tests::NatsServer server_;
};

}  // namespace

std::unique_ptr<Broker> nats() { return std::make_unique<Nats>(); }

}  // namespace user_events::bench
