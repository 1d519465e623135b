// NATS: one server with JetStream that asks who one is, a stream for each place.
#include <fmt/format.h>

#include <memory>

#include "broker_under_test.h"
#include "brokers/nats_server.h"

namespace user_events::tests::conformance {
namespace {

constexpr std::size_t kMaxMessageBytes = 20'000;

class Nats final : public BrokerUnderTest {
 public:
  void start() override {
    server_.start();  // does nothing while it runs
    if (!proxy_) proxy_ = std::make_unique<TcpProxy>(server_.script().port());
  }
  DestinationOptions fresh() override {
    auto options = missing_place();
    make_place();
    return options;
  }
  std::vector<Received> read_all() override {
    std::vector<Received> all;
    for (auto& message : server_.read_all(stream_))
      all.push_back({.key = {}, .id = message.headers["ce-id"], .sequence = message.headers["ce-sequence"], .body = message.body, .headers = message.headers});
    return all;
  }
  std::string wire_key(const std::string&) const override { return {}; }

  void stop() override { server_.script().stop(); }
  void kill() override { server_.script().kill(); }
  void pause() override { server_.script().pause(); }
  void resume() override { server_.script().resume(); }
  DestinationOptions impatient(DestinationOptions options) const override {
    options.settings["ack_timeout"] = "2s";
    options.settings["connect_timeout"] = "1s";
    return options;
  }

  DestinationOptions through_proxy(DestinationOptions options) override {
    options.settings["servers"] = fmt::format("nats://127.0.0.1:{}", proxy_->port());
    return options;
  }
  TcpProxy& proxy() override { return *proxy_; }

  /// The stream takes the subjects of other types.
  PoisonEvent poison_event() const override { return {.type = "audit.unknown", .data_bytes = 0}; }
  std::size_t oversized_bytes() const override { return kMaxMessageBytes; }

  DestinationOptions with_wrong_credentials(DestinationOptions options) const override {
    options.settings["password"] = "wrong-secret";
    return options;
  }
  std::vector<std::string> secrets() const override { return {"right-secret", "wrong-secret"}; }

  DestinationOptions missing_place() override {
    stream_ = fmt::format("STREAM{}", ++streams_);
    DestinationOptions options;
    options.kind = "nats";
    options.topic = fmt::format("place{}.{{type}}", streams_);
    options.settings = {{"servers", server_.url()}, {"stream", stream_}, {"user", "sender"}, {"password", "right-secret"}};
    return options;
  }
  void make_place() override {
    server_.create_stream(stream_, fmt::format("place{}.user.>", streams_), fmt::format(R"(,"max_msg_size":{})", kMaxMessageBytes));
  }
  std::string place_name(const DestinationOptions&) const override { return stream_; }

 private:
  NatsServer server_{"authorization { user: sender, password: \"right-secret\" }", "sender:right-secret@"};
  std::unique_ptr<TcpProxy> proxy_;
  std::string stream_;
  int streams_ = 0;
};

}  // namespace

std::vector<Subject> subjects() {
  return {{"nats", {}, []() -> BrokerUnderTest& {
             static Nats nats;
             return nats;
           }}};
}

}  // namespace user_events::tests::conformance
