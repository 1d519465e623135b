// Exchange, queue and binding: looked at or made, once per connection.
#pragma once

#include <amqp.h>

#include <optional>

#include "destinations/rabbitmq/config.h"
#include "destinations/rabbitmq/failure.h"

namespace user_events::destinations::rabbitmq {

/// What `declare` asks for. A failure closes the channel.
[[nodiscard]] std::optional<Failure> prepare_topology(amqp_connection_state_t connection, amqp_channel_t channel, const Config& config);

}  // namespace user_events::destinations::rabbitmq
