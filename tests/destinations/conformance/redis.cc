// Redis: one server that asks who one is and syncs every write, a stream for each place.
#include <fmt/format.h>

#include <memory>

#include "broker_under_test.h"
#include "brokers/redis_server.h"

namespace user_events::tests::conformance {
namespace {

constexpr std::size_t kMaxValueBytes = 1u << 20;  // the least that Redis can be told

class Redis final : public BrokerUnderTest {
 public:
  void start() override {
    server_.start();  // does nothing while it runs
    if (!proxy_) proxy_ = std::make_unique<TcpProxy>(server_.script().port());
  }
  /// A stream is made by the first entry.
  DestinationOptions fresh() override {
    DestinationOptions options;
    options.kind = "redis";
    options.topic = key_ = fmt::format("user.events.{}", ++keys_);
    options.settings = {{"address", server_.address()}, {"password", "right-secret"}};
    return options;
  }
  std::vector<Received> read_all() override {
    std::vector<Received> all;
    for (auto& entry : server_.read_all(key_))
      all.push_back({.key = entry["key"], .id = entry["ce_id"], .sequence = entry["ce_sequence"], .body = entry["data"], .headers = entry});
    return all;
  }

  void stop() override { server_.script().stop(); }
  void kill() override { server_.script().kill(); }
  void pause() override { server_.script().pause(); }
  void resume() override { server_.script().resume(); }
  DestinationOptions impatient(DestinationOptions options) const override {
    options.settings["reply_timeout"] = "2s";
    options.settings["connect_timeout"] = "1s";
    return options;
  }

  DestinationOptions through_proxy(DestinationOptions options) override {
    options.settings["address"] = fmt::format("127.0.0.1:{}", proxy_->port());
    return options;
  }
  TcpProxy& proxy() override { return *proxy_; }

  std::size_t oversized_bytes() const override { return kMaxValueBytes; }

  DestinationOptions with_wrong_credentials(DestinationOptions options) const override {
    options.settings["password"] = "wrong-secret";
    return options;
  }
  std::vector<std::string> secrets() const override { return {"right-secret", "wrong-secret"}; }

 private:
  RedisServer server_{fmt::format("requirepass right-secret\nproto-max-bulk-len {}", kMaxValueBytes), "right-secret"};
  std::unique_ptr<TcpProxy> proxy_;
  std::string key_;
  int keys_ = 0;
};

}  // namespace

std::vector<Subject> subjects() {
  return {{"redis", {Capability::poison, Capability::unroutable}, []() -> BrokerUnderTest& {
             static Redis redis;
             return redis;
           }}};
}

}  // namespace user_events::tests::conformance
