// Kafka: one broker that asks who one is, with a second listener that is advertised as the proxy's port.
#include <fmt/format.h>

#include "broker_under_test.h"
#include "brokers/kafka_broker.h"

namespace user_events::tests::conformance {
namespace {

constexpr int kPartitions = 3;
constexpr std::size_t kMaxMessageBytes = 20'000;

class Kafka final : public BrokerUnderTest {
 public:
  Kafka() : proxied_port_(free_port()), proxy_(proxied_port_), broker_(properties(proxied_port_, proxy_.port())) {
    broker_.set_client_properties(KafkaBroker::admin_properties());
  }

  void start() override {
    if (is_running_) return;
    broker_.start();
    is_running_ = true;
  }
  DestinationOptions fresh() override {
    auto options = missing_place();
    make_place();
    return options;
  }
  std::vector<Received> read_all() override {
    std::vector<Received> all;
    for (auto& record : broker_.read_all(topic_)) {
      Received one{.key = record.key, .id = record.header("ce_id"), .sequence = record.header("ce_sequence"), .body = record.value, .headers = {}};
      for (auto& [name, value] : record.headers) one.headers[name] = value;
      all.push_back(std::move(one));
    }
    return all;
  }

  void stop() override {
    broker_.stop();
    is_running_ = false;
  }
  void kill() override {
    broker_.kill();
    is_running_ = false;
  }
  void pause() override { broker_.pause(); }
  void resume() override { broker_.resume(); }
  DestinationOptions impatient(DestinationOptions options) const override {
    options.settings["kafka.socket.timeout.ms"] = "2000";
    options.settings["kafka.request.timeout.ms"] = "1000";
    return options;
  }

  DestinationOptions through_proxy(DestinationOptions options) override {
    options.settings["kafka.bootstrap.servers"] = fmt::format("127.0.0.1:{}", proxy_.port());
    return options;
  }
  TcpProxy& proxy() override { return proxy_; }

  std::size_t oversized_bytes() const override { return kMaxMessageBytes + 1'000; }

  DestinationOptions with_wrong_credentials(DestinationOptions options) const override {
    options.settings["kafka.sasl.password"] = "wrong-secret";
    return options;
  }
  std::vector<std::string> secrets() const override { return {"admin-secret", "wrong-secret"}; }

  DestinationOptions missing_place() override {
    DestinationOptions options;
    options.kind = "kafka";
    options.topic = topic_ = fmt::format("user.events.{}", ++topics_);
    options.settings = {{"kafka.bootstrap.servers", broker_.address()}, {"settle", "200ms"}};
    for (const auto& [name, value] : KafkaBroker::admin_properties()) options.settings["kafka." + name] = value;
    return options;
  }
  void make_place() override { broker_.create_topic(topic_, kPartitions, {{"max.message.bytes", std::to_string(kMaxMessageBytes)}}); }

 private:
  static std::string properties(int proxied_port, int proxy_port) {
    return KafkaBroker::sasl_properties() +
           fmt::format("listeners=SASL_PLAINTEXT://127.0.0.1:@PORT@,PROXIED://127.0.0.1:{},CONTROLLER://127.0.0.1:@CONTROLLER_PORT@\n"
                       "advertised.listeners=SASL_PLAINTEXT://127.0.0.1:@PORT@,PROXIED://127.0.0.1:{}\n"
                       "listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,PROXIED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT\n"
                       "listener.name.proxied.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
                       "user_admin=\"admin-secret\";\n",
                       proxied_port, proxy_port);
  }

  int proxied_port_;
  TcpProxy proxy_;
  KafkaBroker broker_;
  std::string topic_;
  int topics_ = 0;
  bool is_running_ = false;
};

}  // namespace

std::vector<Subject> subjects() {
  return {{"kafka", {Capability::poison}, []() -> BrokerUnderTest& {
             static Kafka kafka;
             return kafka;
           }}};
}

}  // namespace user_events::tests::conformance
