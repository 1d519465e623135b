// One of each; brokers.cc lists them.
#pragma once

#include <memory>

#include "destinations/broker.h"

namespace user_events::bench {

[[nodiscard]] std::unique_ptr<Broker> kafka();
[[nodiscard]] DestinationOptions dead_kafka();
[[nodiscard]] std::unique_ptr<Broker> rabbitmq_classic();
[[nodiscard]] std::unique_ptr<Broker> rabbitmq_quorum();
[[nodiscard]] std::unique_ptr<Broker> nats();
[[nodiscard]] std::unique_ptr<Broker> redis();
[[nodiscard]] std::unique_ptr<Broker> sqs();
[[nodiscard]] std::unique_ptr<Broker> webhook();

}  // namespace user_events::bench
