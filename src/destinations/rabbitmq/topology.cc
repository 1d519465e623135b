#include "destinations/rabbitmq/topology.h"

#include <amqp_framing.h>
#include <fmt/format.h>

#include "destinations/rabbitmq/message.h"

namespace user_events::destinations::rabbitmq {
namespace {

constexpr std::string_view kExchangeType = "topic";

std::optional<Failure> outcome(amqp_connection_state_t connection, std::string_view what, std::string_view name) {
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return std::nullopt;
  return topology_failure(reply, fmt::format("{} '{}'", what, name));
}

std::optional<Failure> declare_queue(amqp_connection_state_t connection, amqp_channel_t channel, const Config& config, bool passive) {
  amqp_table_entry_t type{};
  type.key = bytes("x-queue-type");
  type.value.kind = AMQP_FIELD_KIND_UTF8;
  type.value.value.bytes = bytes(config.queue_type == QueueType::quorum ? "quorum" : "classic");
  const amqp_table_t arguments{.num_entries = passive ? 0 : 1, .entries = &type};
  amqp_queue_declare(connection, channel, bytes(config.queue), passive, /*durable=*/1, /*exclusive=*/0, /*auto_delete=*/0, arguments);
  return outcome(connection, "queue", config.queue);
}

}  // namespace

std::optional<Failure> prepare_topology(amqp_connection_state_t connection, amqp_channel_t channel, const Config& config) {
  if (config.declare == Declare::none) return std::nullopt;
  const bool passive = config.declare == Declare::check;
  amqp_exchange_declare(connection, channel, bytes(config.exchange), bytes(kExchangeType), passive, /*durable=*/1, /*auto_delete=*/0,
                        /*internal=*/0, amqp_empty_table);
  if (auto failure = outcome(connection, "exchange", config.exchange)) return failure;
  if (config.queue.empty()) return std::nullopt;
  if (auto failure = declare_queue(connection, channel, config, passive)) return failure;
  if (passive) return std::nullopt;
  amqp_queue_bind(connection, channel, bytes(config.queue), bytes(config.exchange), bytes(config.binding_key), amqp_empty_table);
  return outcome(connection, "binding of queue", config.queue);
}

}  // namespace user_events::destinations::rabbitmq
