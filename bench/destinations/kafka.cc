// Bare librdkafka: a producer with the settings of the destination and the same keys, headers and values.
#include <librdkafka/rdkafka.h>

#include <array>
#include <utility>

#include "brokers/kafka_broker.h"
#include "brokers/tcp_proxy.h"
#include "destinations/brokers.h"

namespace user_events::bench {
namespace {

constexpr int kPartitions = 6;
constexpr std::string_view kContentType = "application/cloudevents+json; charset=UTF-8";

void add_header(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

rd_kafka_headers_t* headers_of(const Event& event) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(4);
  add_header(headers, "content-type", kContentType);
  add_header(headers, "ce_id", event.id);
  add_header(headers, "ce_journalid", kJournalId);
  add_header(headers, "ce_sequence", event.sequence);
  return headers;
}

rd_kafka_t* make_producer(const std::string& address) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char text[512];
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, std::string>>{{"bootstrap.servers", address},
                                                        {"log_level", "0"},
                                                        {"enable.idempotence", "true"},
                                                        {"enable.gapless.guarantee", "true"},
                                                        {"acks", "all"},
                                                        {"message.timeout.ms", "0"},
                                                        {"max.in.flight", "1"},
                                                        {"partitioner", "murmur2_random"},
                                                        {"linger.ms", "5"},
                                                        {"queue.buffering.max.messages", "20000"},
                                                        {"queue.buffering.max.kbytes", "32768"}})
    if (rd_kafka_conf_set(conf, name, value.c_str(), text, sizeof text) != RD_KAFKA_CONF_OK) die(text);
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  if (client == nullptr) die(text);
  return client;
}

class BareProducer final : public BareClient {
 public:
  BareProducer(const std::string& address, const std::string& topic)
      : client_(make_producer(address)),
        queue_(rd_kafka_queue_get_main(client_)),
        topic_(rd_kafka_topic_new(client_, topic.c_str(), nullptr)) {}
  ~BareProducer() override {
    rd_kafka_topic_destroy(topic_);
    rd_kafka_queue_destroy(queue_);
    rd_kafka_destroy(client_);
  }

  void send(std::span<const Event> events, Latencies& latencies) override {
    constexpr std::size_t kBetweenPolls = 1'000;
    std::size_t done = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      latencies.sent(i);
      while (!try_send(events[i], i)) {
        done += serve(20, latencies);
        latencies.sent(i);
      }
      if (i % kBetweenPolls == 0) done += serve(0, latencies);
    }
    while (done < events.size()) done += serve(100, latencies);
  }

 private:
  bool try_send(const Event& event, std::size_t index) const {
    rd_kafka_headers_t* headers = headers_of(event);
    std::array<rd_kafka_vu_t, 6> values{};
    values[0].vtype = RD_KAFKA_VTYPE_RKT;
    values[0].u.rkt = topic_;
    values[1].vtype = RD_KAFKA_VTYPE_KEY;
    values[1].u.mem = {.ptr = const_cast<char*>(event.user.data()), .size = event.user.size()};
    values[2].vtype = RD_KAFKA_VTYPE_VALUE;
    values[2].u.mem = {.ptr = const_cast<char*>(event.body.data()), .size = event.body.size()};
    values[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    values[3].u.headers = headers;
    values[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    values[4].u.i = RD_KAFKA_MSG_F_COPY;
    values[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
    values[5].u.ptr = reinterpret_cast<void*>(index);
    rd_kafka_error_t* error = rd_kafka_produceva(client_, values.data(), values.size());
    if (error == nullptr) return true;
    const auto code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(code));
    return false;
  }

  /// How many messages were acknowledged.
  std::size_t serve(int timeout_ms, Latencies& latencies) const {
    std::size_t done = 0;
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(queue_, timeout_ms)) {
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) die(rd_kafka_err2str(message->err));
        latencies.acknowledged(reinterpret_cast<std::size_t>(message->_private));
        ++done;
      }
      rd_kafka_event_destroy(event);
      timeout_ms = 0;
    }
    return done;
  }

  rd_kafka_t* client_;
  rd_kafka_queue_t* queue_;
  rd_kafka_topic_t* topic_;
};

DestinationOptions options_at(const std::string& address, const std::string& topic) {
  DestinationOptions options;
  options.name = options.kind = "kafka";
  options.topic = topic;
  options.settings["kafka.bootstrap.servers"] = address;
  return options;
}

class Kafka final : public Broker {
 public:
  void start() override { broker_.start(); }
  void make_place(const std::string& place) override { broker_.create_topic(place, kPartitions); }
  void remove_place(const std::string& place) override { broker_.delete_topic(place); }
  DestinationOptions options(const std::string& place) const override {
    return options_at(broker_.address(), place);
  }
  std::unique_ptr<BareClient> connect(const std::string& place) const override {
    return std::make_unique<BareProducer>(broker_.address(), place);
  }

 private:
  tests::KafkaBroker broker_;
};

}  // namespace

std::unique_ptr<Broker> kafka() { return std::make_unique<Kafka>(); }

DestinationOptions dead_kafka() {
  auto options = options_at("127.0.0.1:" + std::to_string(tests::free_port()), "nobody");
  options.name = "dead";
  return options;
}

}  // namespace user_events::bench
