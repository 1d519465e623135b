// The idempotent producer: one librdkafka client for as long as it lasts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "destinations/destination.h"
#include "destinations/kafka/config.h"

namespace user_events::destinations::kafka {

enum class Produced : std::uint8_t {
  queued,
  full,       ///< librdkafka's queue is full.
  too_large,  ///< Over the user's own message.max.bytes.
  failed,     ///< The producer can't go on (fatal error, or the topic changed under it).
};

/// One message's end, as librdkafka reports it.
struct Delivery {
  std::uint64_t sequence = 0;
  std::int32_t partition = 0;
  std::int64_t offset = -1;  ///< Negative: stored, but where is not known.
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool surely_not_stored = false;
  bool elsewhere = false;  ///< It went to another topic than the destination's: the copy of a dead letter.
  std::uint64_t lone_batch_bytes = 0;  ///< Set when the broker refused the batch.

  /// The broker refused the batch for good because of a record in it; which one it does not say.
  [[nodiscard]] bool batch_refused() const noexcept {
    return surely_not_stored &&
           (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD);
  }
};

/// Something about the client as a whole.
struct ClientEvent {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool fatal = false;
  std::string text;
};

/// `produce` and `serve` are for one thread; `client`, `topic` and `yield` for any. The destructor may wait
/// for librdkafka's threads (usually milliseconds).
class Producer {
 public:
  /// Error `usage`: the settings can never work.
  [[nodiscard]] static Result<std::unique_ptr<Producer>> make(const Config& config,
                                                              const ProducerLimits& limits);

  /// `headers` are taken in any case. Copies key and body.
  [[nodiscard]] Produced produce(std::int32_t partition, std::string_view key, std::string_view body,
                                 Headers headers, std::uint64_t sequence);
  /// The same to another topic, to the partition that librdkafka chooses.
  [[nodiscard]] Produced produce_to(const std::string& topic, std::string_view key, std::string_view body,
                                    Headers headers, std::uint64_t sequence);
  /// Waits up to `timeout` for the first event, then takes what is there, up to about kMaxServed messages.
  template <class OnDelivery, class OnEvent>
  void serve(std::chrono::milliseconds timeout, OnDelivery&& on_delivery, OnEvent&& on_event);
  /// Ends all messages now: those not sent yet and those under way. Their deliveries follow from `serve`.
  void purge() noexcept;
  /// Sends without lingering; waits no longer than a millisecond.
  void hurry() noexcept;
  /// Ends a `serve` that waits. Thread-safe.
  void yield() noexcept;

  [[nodiscard]] rd_kafka_t* client() const noexcept { return client_.get(); }
  [[nodiscard]] rd_kafka_topic_t* topic() const noexcept { return topic_.get(); }
  /// Why `produce` answered `failed`.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  Producer() = default;
  [[nodiscard]] Produced hand_over(rd_kafka_topic_t* topic, std::int32_t partition, std::string_view key,
                                   std::string_view body, Headers headers, std::uint64_t sequence);
  [[nodiscard]] Delivery delivery_of(const rd_kafka_message_t* message) const;
  [[nodiscard]] ClientEvent event_of(rd_kafka_event_t* event) const;

  static constexpr std::size_t kMaxServed = 20'000;

  Client client_;
  Queue queue_;  // after the client: released before it
  Topic topic_, other_topic_;
  std::string other_name_;
  std::string failure_;
};

template <class OnDelivery, class OnEvent>
void Producer::serve(std::chrono::milliseconds timeout, OnDelivery&& on_delivery, OnEvent&& on_event) {
  int wait_ms = static_cast<int>(timeout.count());
  for (std::size_t served = 0; served < kMaxServed; wait_ms = 0) {
    const Event event(rd_kafka_queue_poll(queue_.get(), wait_ms));
    if (!event) return;
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) {
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
        on_delivery(delivery_of(message));
        ++served;
      }
    } else if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
      on_event(event_of(event.get()));
    }
  }
}

}  // namespace user_events::destinations::kafka
