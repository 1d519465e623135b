// SQS on ElasticMQ, which keeps its messages over restarts; SNS on moto, which checks signatures and rights, with a queue behind each topic. FIFO and
// standard, names with and without the event's type in them.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "broker_under_test.h"
#include "brokers/aws_emulator.h"
#include "destinations/aws/entry.h"

namespace user_events::tests::conformance {
namespace {

constexpr std::string_view kType = "user-created";  // of the suite's events, as it stands in names

/// One of each for the whole program; started at first use.
AwsEmulator& elasticmq() {
  static AwsEmulator the_one("elasticmq");
  return the_one;
}
AwsEmulator& moto() {
  static AwsEmulator the_one("moto");
  return the_one;
}
/// Of the one user whom moto lets in.
const Keys& keys_of_moto() {
  static const Keys keys = [] {
    Keys made = moto().create_user("sender", kMaySend);
    moto().set_keys(made);
    moto().check_signatures_after(0);
    return made;
  }();
  return keys;
}

struct Variant {
  std::string kind;
  bool fifo = false, by_type = false;
};

class Aws final : public BrokerUnderTest {
 public:
  explicit Aws(Variant variant) : variant_(std::move(variant)), emulator_(is_sns() ? moto() : elasticmq()) {}

  void start() override {
    emulator_.start();  // does nothing while it runs
    if (is_sns()) keys_ = keys_of_moto();
    if (!proxy_) proxy_ = std::make_unique<TcpProxy>(emulator_.port());
  }
  /// moto works 50 ms and more for each message, ElasticMQ writes each to its database.
  std::size_t share_of(std::size_t events) const override { return std::max(events / (is_sns() ? 50 : 5), std::min<std::size_t>(events, 10)); }
  DestinationOptions fresh() override {
    auto options = missing_place();
    make_place();
    options.settings["endpoint"] = emulator_.endpoint();
    return options;
  }
  std::vector<Received> read_all() override {
    if (queue_url_.empty()) return {};
    for (auto& message : emulator_.receive(queue_url_, std::numeric_limits<std::size_t>::max(), std::chrono::seconds(0))) {
      received_.push_back({.key = message.group_id,
                           .id = message.attributes["id"],
                           .sequence = message.attributes["sequence"],
                           .body = message.body,
                           .headers = message.attributes});
    }
    return received_;
  }
  /// A group is a user, by a hash.
  std::string wire_key(const std::string& key) const override { return variant_.fifo ? destinations::aws::group_id(key) : std::string(); }

  void stop() override { emulator_.stop(); }
  void kill() override { emulator_.kill(); }
  void pause() override { emulator_.pause(); }
  void resume() override { emulator_.resume(); }
  DestinationOptions impatient(DestinationOptions options) const override {
    options.settings["request_timeout"] = "2s";
    options.settings["connect_timeout"] = "1s";
    return options;
  }

  DestinationOptions through_proxy(DestinationOptions options) override {
    options.settings["endpoint"] = proxy_url();
    return options;
  }
  TcpProxy& proxy() override { return *proxy_; }

  /// No name of a queue or topic is that long.
  PoisonEvent poison_event() const override { return {.type = "user." + std::string(250, 'x'), .data_bytes = 0}; }
  std::size_t oversized_bytes() const override { return is_sns() ? 262'144u : 1'048'576u; }

  DestinationOptions with_wrong_credentials(DestinationOptions options) const override {
    options.settings["secret_access_key"] = "wrong-secret";
    return options;
  }
  std::vector<std::string> secrets() const override { return {"wrong-secret", keys_.secret_access_key}; }

  /// By way of the proxy: see `make_place`.
  DestinationOptions missing_place() override {
    static int number = 0;
    name_ = fmt::format("conformance-{}", ++number);
    received_.clear();
    queue_url_.clear();
    DestinationOptions options;
    options.kind = variant_.kind;
    options.topic = full_name(name_with(variant_.by_type ? "-{type}" : ""));
    options.settings = {{"region", "us-east-1"},
                        {"access_key_id", keys_.access_key_id},
                        {"secret_access_key", keys_.secret_access_key},
                        {"endpoint", proxy_url()}};
    return options;
  }
  /// Behind a proxy that is cut, so that nothing goes to a topic while its subscription is not there yet.
  void make_place() override {
    proxy_->cut();
    const auto place = place_name({});
    queue_url_ = emulator_.create_queue(place);
    if (is_sns()) emulator_.subscribe(emulator_.create_topic(place), place);
    proxy_->pass();
  }
  std::string place_name(const DestinationOptions&) const override { return name_with(variant_.by_type ? fmt::format("-{}", kType) : ""); }

 private:
  bool is_sns() const { return variant_.kind == "sns"; }
  std::string proxy_url() const { return fmt::format("http://127.0.0.1:{}/", proxy_->port()); }
  std::string name_with(std::string_view type) const { return fmt::format("{}{}{}", name_, type, variant_.fifo ? ".fifo" : ""); }
  std::string full_name(const std::string& name) const {
    return is_sns() ? "arn:aws:sns:us-east-1:123456789012:" + name : fmt::format("{}000000000000/{}", emulator_.endpoint(), name);
  }

  const Variant variant_;
  AwsEmulator& emulator_;
  Keys keys_{.access_key_id = "test", .secret_access_key = "test-secret", .session_token = {}};
  std::unique_ptr<TcpProxy> proxy_;
  std::string name_, queue_url_;
  std::vector<Received> received_;
};

template <int>
BrokerUnderTest& made(const Variant& variant) {
  static Aws one(variant);
  return one;
}

}  // namespace

std::vector<Subject> subjects() {
  using enum Capability;
  return {{"sqs_fifo", {poison, authentication}, []() -> BrokerUnderTest& { return made<0>({.kind = "sqs", .fifo = true}); }},
          {"sqs_standard", {order, restart, kill, poison, authentication}, []() -> BrokerUnderTest& { return made<1>({.kind = "sqs"}); }},
          {"sns_fifo", {restart, kill, poison}, []() -> BrokerUnderTest& { return made<2>({.kind = "sns", .fifo = true}); }},
          {"sns_standard", {order, restart, kill}, []() -> BrokerUnderTest& { return made<3>({.kind = "sns", .by_type = true}); }}};
}

}  // namespace user_events::tests::conformance
