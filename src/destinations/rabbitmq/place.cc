// Where consumers find the exchange.
#include "base/json_writer.h"
#include "destinations/rabbitmq/config.h"
#include "destinations/rabbitmq/message.h"

namespace user_events::destinations::rabbitmq {

Place place_of(const Config& config) {
  Place place{.protocol = config.tls.enabled ? "amqps" : "amqp", .protocol_version = "0.9.1", .hosts = {}, .address = address_of(config.routing_key),
              .attribute_prefix = kHeaderPrefix};
  for (const auto& host : config.hosts) place.hosts.push_back(host.text());
  place.pathname = config.vhost.starts_with('/') ? config.vhost : "/" + config.vhost;
  std::string exchange;
  base::ObjectWriter object(exchange);
  object.text("name", config.exchange);
  object.text("type", "topic");
  object.boolean("durable", true);
  object.text("vhost", config.vhost);
  object.end();
  base::ObjectWriter channel(place.channel_bindings = R"("amqp":)");
  channel.text("is", "routingKey");
  channel.raw("exchange", exchange);
  channel.text("bindingVersion", "0.3.0");
  channel.end();
  place.operation_bindings = R"("amqp":{"deliveryMode":2,"mandatory":true,"timestamp":true,"bindingVersion":"0.3.0"})";
  return place;
}

}  // namespace user_events::destinations::rabbitmq
