// Webhooks: one receiver that checks signatures, a path for each place.
#include <fmt/format.h>

#include <memory>

#include "broker_under_test.h"
#include "brokers/webhook_receiver.h"

namespace user_events::tests::conformance {
namespace {

class Webhook final : public BrokerUnderTest {
 public:
  void start() override {
    receiver_.start();  // does nothing while it runs
    if (!proxy_) proxy_ = std::make_unique<TcpProxy>(receiver_.script().port());
  }
  DestinationOptions fresh() override {
    auto options = missing_place();
    make_place();
    return options;
  }
  /// Requests that the receiver has taken; those that it has turned away say nothing of order.
  std::vector<Received> read_all() override {
    std::vector<Received> all;
    for (auto& request : receiver_.read_all(place_)) {
      if (request.status != 204) continue;
      all.push_back({.key = {},
                     .id = request.headers["ce-id"],
                     .sequence = request.headers["ce-sequence"],
                     .body = request.body,
                     .headers = request.headers});
    }
    return all;
  }
  std::string wire_key(const std::string&) const override { return {}; }

  void stop() override { receiver_.script().stop(); }
  void kill() override { receiver_.script().kill(); }
  void pause() override { receiver_.script().pause(); }
  void resume() override { receiver_.script().resume(); }
  DestinationOptions impatient(DestinationOptions options) const override {
    options.settings["request_timeout"] = "2s";
    options.settings["connect_timeout"] = "1s";
    return options;
  }

  DestinationOptions through_proxy(DestinationOptions options) override {
    options.settings["url"] = fmt::format("http://127.0.0.1:{}/{}", proxy_->port(), place_);
    return options;
  }
  TcpProxy& proxy() override { return *proxy_; }

  /// The receiver answers 422.
  PoisonEvent poison_event() const override { return {.type = "audit.unknown", .data_bytes = 0}; }
  std::size_t oversized_bytes() const override { return kReceiversLargestBody; }

  DestinationOptions with_wrong_credentials(DestinationOptions options) const override {
    options.settings["secret"] = kOtherSecret;
    return options;
  }
  std::vector<std::string> secrets() const override { return {kSecret, kOtherSecret, "url-token"}; }

  DestinationOptions missing_place() override {
    place_ = fmt::format("place{}", ++places_);
    DestinationOptions options;
    options.kind = "webhook";
    options.settings = {{"url", receiver_.url(place_) + "?key=url-token"},
                        {"secret", kSecret},
                        {"allow_http", "true"},
                        {"allow_private_networks", "true"}};
    return options;
  }
  void make_place() override { receiver_.make_place(place_); }
  std::string place_name(const DestinationOptions&) const override { return receiver_.origin(); }

 private:
  WebhookReceiver receiver_;
  std::unique_ptr<TcpProxy> proxy_;
  std::string place_;
  int places_ = 0;
};

}  // namespace

std::vector<Subject> subjects() {
  return {{"webhook", {}, []() -> BrokerUnderTest& {
             static Webhook webhook;
             return webhook;
           }}};
}

}  // namespace user_events::tests::conformance
