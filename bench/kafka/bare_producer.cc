#include "kafka/bare_producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace user_events::bench {
namespace {

[[noreturn]] void die(const char* why) {
  std::fprintf(stderr, "bare producer: %s\n", why);
  std::exit(1);
}

}  // namespace

struct BareProducer::Impl {
  rd_kafka_t* client = nullptr;
  rd_kafka_queue_t* queue = nullptr;
  rd_kafka_topic_t* topic = nullptr;

  bool try_send(const BareMessage& message) const {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
    for (const auto& [name, value] : message.headers)
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    std::array<rd_kafka_vu_t, 5> values{};
    values[0].vtype = RD_KAFKA_VTYPE_RKT;
    values[0].u.rkt = topic;
    values[1].vtype = RD_KAFKA_VTYPE_KEY;
    values[1].u.mem = {.ptr = const_cast<char*>(message.key.data()), .size = message.key.size()};
    values[2].vtype = RD_KAFKA_VTYPE_VALUE;
    values[2].u.mem = {.ptr = const_cast<char*>(message.body.data()), .size = message.body.size()};
    values[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    values[3].u.headers = headers;
    values[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    values[4].u.i = RD_KAFKA_MSG_F_COPY;
    rd_kafka_error_t* error = rd_kafka_produceva(client, values.data(), values.size());
    if (error == nullptr) return true;
    const auto code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(code));
    return false;
  }

  /// How many messages were acknowledged.
  [[nodiscard]] std::size_t serve(int timeout_ms) const {
    std::size_t done = 0;
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(queue, timeout_ms)) {
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) die(rd_kafka_err2str(message->err));
        ++done;
      }
      rd_kafka_event_destroy(event);
      timeout_ms = 0;
    }
    return done;
  }
};

BareProducer::BareProducer(const std::string& broker, const std::string& topic) : impl_(new Impl) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char text[512];
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, std::string>>{{"bootstrap.servers", broker},
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
  impl_->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  if (impl_->client == nullptr) die(text);
  impl_->queue = rd_kafka_queue_get_main(impl_->client);
  impl_->topic = rd_kafka_topic_new(impl_->client, topic.c_str(), nullptr);
}

BareProducer::~BareProducer() {
  rd_kafka_topic_destroy(impl_->topic);
  rd_kafka_queue_destroy(impl_->queue);
  rd_kafka_destroy(impl_->client);
  delete impl_;
}

void BareProducer::send(const std::vector<BareMessage>& messages) {
  constexpr std::size_t kBetweenPolls = 1'000;
  std::size_t done = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    while (!impl_->try_send(messages[i])) done += impl_->serve(20);
    if (i % kBetweenPolls == 0) done += impl_->serve(0);
  }
  while (done < messages.size()) done += impl_->serve(100);
}

}  // namespace user_events::bench
