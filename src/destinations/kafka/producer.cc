#include "destinations/kafka/producer.h"

#include <array>

#include "base/try.h"
#include "destinations/kafka/record.h"

namespace user_events::destinations::kafka {

Result<std::unique_ptr<Producer>> Producer::make(const Config& config, const ProducerLimits& limits) {
  UE_TRY_ASSIGN(Conf conf, producer_conf(config, limits));
  std::array<char, 512> text{};
  std::unique_ptr<Producer> producer(new Producer);
  producer->client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
  if (!producer->client_)
    return fail(ErrorKind::usage, "destination-setting", std::string("kafka.*: ") + text.data());
  (void)conf.release();  // the client owns it now
  producer->queue_.reset(rd_kafka_queue_get_main(producer->client_.get()));
  producer->topic_.reset(rd_kafka_topic_new(producer->client_.get(), config.topic.c_str(), nullptr));
  return producer;
}

Produced Producer::produce(std::int32_t partition, std::string_view key, std::string_view body,
                           Headers headers, std::uint64_t sequence) {
  return hand_over(topic_.get(), partition, key, body, std::move(headers), sequence);
}

Produced Producer::produce_to(const std::string& topic, std::string_view key, std::string_view body,
                              Headers headers, std::uint64_t sequence) {
  if (!other_topic_ || other_name_ != topic) {
    other_name_ = topic;
    other_topic_.reset(rd_kafka_topic_new(client_.get(), other_name_.c_str(), nullptr));
  }
  return hand_over(other_topic_.get(), RD_KAFKA_PARTITION_UA, key, body, std::move(headers), sequence);
}

Produced Producer::hand_over(rd_kafka_topic_t* topic, std::int32_t partition, std::string_view key,
                             std::string_view body, Headers headers, std::uint64_t sequence) {
  std::array<rd_kafka_vu_t, 7> values{};
  values[0].vtype = RD_KAFKA_VTYPE_RKT;
  values[0].u.rkt = topic;
  values[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  values[1].u.i32 = partition;
  values[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  values[2].u.i = RD_KAFKA_MSG_F_COPY;
  values[3].vtype = RD_KAFKA_VTYPE_KEY;
  values[3].u.mem = {.ptr = const_cast<char*>(key.data()), .size = key.size()};
  values[4].vtype = RD_KAFKA_VTYPE_VALUE;
  values[4].u.mem = {.ptr = const_cast<char*>(body.data()), .size = body.size()};
  values[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  values[5].u.headers = headers.get();
  values[6].vtype = RD_KAFKA_VTYPE_OPAQUE;
  values[6].u.ptr =
      reinterpret_cast<void*>(static_cast<std::uintptr_t>(sequence));  // no allocation per message

  const KafkaError error(rd_kafka_produceva(client_.get(), values.data(), values.size()));
  if (!error) {
    (void)headers.release();  // the message owns them now
    return Produced::queued;
  }
  switch (rd_kafka_error_code(error.get())) {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return Produced::full;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return Produced::too_large;
    default:
      failure_ = explain(rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()));
      return Produced::failed;
  }
}

Delivery Producer::delivery_of(const rd_kafka_message_t* message) const {
  Delivery delivery{.sequence = reinterpret_cast<std::uintptr_t>(message->_private),
                    .partition = message->partition,
                    .offset = message->offset,
                    .error = message->err,
                    .elsewhere = message->rkt != topic_.get()};
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return delivery;
  delivery.surely_not_stored = rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  if (delivery.batch_refused()) {
    rd_kafka_headers_t* headers = nullptr;
    (void)rd_kafka_message_headers(message, &headers);
    delivery.lone_batch_bytes =
        lone_batch_bytes(message->key_len, message->len, headers == nullptr ? 1 : headers_bytes(headers));
  }
  return delivery;
}

ClientEvent Producer::event_of(rd_kafka_event_t* event) const {
  ClientEvent result{.error = rd_kafka_event_error(event), .text = rd_kafka_event_error_string(event)};
  if (rd_kafka_event_error_is_fatal(event) != 0) {
    std::array<char, 512> text{};
    result.error = rd_kafka_fatal_error(client_.get(), text.data(), text.size());
    result.fatal = true;
    result.text = text.data();
  }
  return result;
}

void Producer::purge() noexcept {
  rd_kafka_purge(client_.get(),
                 RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void Producer::hurry() noexcept { (void)rd_kafka_flush(client_.get(), 1); }

void Producer::yield() noexcept { rd_kafka_queue_yield(queue_.get()); }

}  // namespace user_events::destinations::kafka
