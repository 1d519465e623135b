#include "destinations/brokers.h"

#include <array>

#include "destinations/broker.h"

namespace user_events::bench {

std::span<const BrokerEntry> brokers() {
  static const std::array all{
      BrokerEntry{.name = "kafka", .make = kafka, .events = 200'000, .dead = dead_kafka},
      BrokerEntry{.name = "rabbitmq-classic", .make = rabbitmq_classic, .events = 20'000, .dead = nullptr},
      BrokerEntry{.name = "rabbitmq-quorum", .make = rabbitmq_quorum, .events = 40'000, .dead = nullptr},
      BrokerEntry{.name = "nats", .make = nats, .events = 60'000, .dead = nullptr},
      BrokerEntry{.name = "redis", .make = redis, .events = 20'000, .dead = nullptr},
      BrokerEntry{.name = "sqs", .make = sqs, .events = 5'000, .dead = nullptr},
      BrokerEntry{.name = "webhook", .make = webhook, .events = 20'000, .dead = nullptr},
  };
  return all;
}

}  // namespace user_events::bench
