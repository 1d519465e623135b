// RabbitMQ: one broker, with a classic and with a quorum queue behind the exchange.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <thread>

#include "broker_under_test.h"
#include "brokers/rabbitmq_broker.h"

namespace user_events::tests::conformance {
namespace {

constexpr std::size_t kMaxMessageBytes = 65'536;

RabbitBroker& shared_broker() {
  static RabbitBroker the_broker(fmt::format("max_message_size = {}", kMaxMessageBytes));
  return the_broker;
}

class RabbitMq final : public BrokerUnderTest {
 public:
  explicit RabbitMq(std::string queue_type) : queue_type_(std::move(queue_type)) {}

  void start() override {
    broker_.start();  // does nothing while it runs
    if (!proxy_) proxy_ = std::make_unique<TcpProxy>(broker_.port());
  }
  DestinationOptions fresh() override {
    auto options = missing_place();
    make_place();
    return options;
  }
  std::vector<Received> read_all() override {
    for (auto& record : broker_.drain(exchange_)) {
      Received one{.key = {}, .id = record.header("cloudEvents_id"), .sequence = record.header("cloudEvents_sequence"), .body = record.body, .headers = {}};
      for (auto& [name, value] : record.headers) one.headers[name] = value;
      received_.push_back(std::move(one));
    }
    return received_;
  }
  std::string wire_key(const std::string&) const override { return {}; }

  void stop() override { broker_.stop(); }
  void kill() override { broker_.kill(); }
  void pause() override { broker_.pause(); }
  void resume() override { broker_.resume(); }
  DestinationOptions impatient(DestinationOptions options) const override {
    options.settings["heartbeat"] = "1s";
    options.settings["connect_timeout"] = "1s";
    options.settings["confirm_timeout"] = "2s";
    return options;
  }

  DestinationOptions through_proxy(DestinationOptions options) override {
    options.settings["hosts"] = fmt::format("127.0.0.1:{}", proxy_->port());
    return options;
  }
  TcpProxy& proxy() override { return *proxy_; }

  /// With the prefix its routing key is longer than AMQP can have.
  PoisonEvent poison_event() const override { return {.type = "user." + std::string(248, 'x'), .data_bytes = 0}; }
  std::size_t oversized_bytes() const override { return kMaxMessageBytes + 1'000; }

  DestinationOptions with_wrong_credentials(DestinationOptions options) const override {
    options.settings["password"] = "wrong-secret";
    return options;
  }
  std::vector<std::string> secrets() const override { return {"wrong-secret"}; }

  DestinationOptions missing_place() override {
    static int number = 0;
    DestinationOptions options;
    options.kind = "rabbitmq";
    options.topic = exchange_ = fmt::format("user.events.{}", ++number);
    options.settings = {{"hosts", broker_.address()}, {"routing_key", "events.{type}"}};
    received_.clear();
    return options;
  }
  void make_place() override {
    broker_.declare_exchange(exchange_);
    broker_.declare_queue(exchange_, exchange_, "#", {{"x-queue-type", queue_type_}});
    // A quorum queue that was declared less than about half a second before its broker is killed has no leader afterwards, for ever: the
    // broker writes the table of its members down every 500 ms, and nothing tells when.
    if (queue_type_ == "quorum") std::this_thread::sleep_for(std::chrono::seconds(1));
    // Which quorum queues there are RabbitMQ 3.10 writes some seconds later, and one that it forgot in a kill never confirms again.
    if (queue_type_ == "quorum") broker_.ctl("eval '[dets:sync(Table) || Table <- dets:all()].'");
  }

 private:
  RabbitBroker& broker_ = shared_broker();
  std::string queue_type_;
  std::unique_ptr<TcpProxy> proxy_;
  std::string exchange_;
  std::vector<Received> received_;
};

template <int>
BrokerUnderTest& made(const char* queue_type) {
  static RabbitMq one(queue_type);
  return one;
}

}  // namespace

std::vector<Subject> subjects() {
  return {{"rabbitmq_classic", {}, []() -> BrokerUnderTest& { return made<0>("classic"); }},
          {"rabbitmq_quorum", {}, []() -> BrokerUnderTest& { return made<1>("quorum"); }}};
}

}  // namespace user_events::tests::conformance
