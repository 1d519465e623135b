// Where consumers find the streams. AsyncAPI's binding for Redis is empty. What other brokers call headers are fields of a stream's entry.
#include "destinations/redis/config.h"

namespace user_events::destinations::redis {

Place place_of(const Config& config) {
  Place place{.protocol = config.tls.enabled ? "rediss" : "redis", .hosts = {config.address.text()}, .address = address_of(config.key),
              .attribute_prefix = "ce_"};
  if (config.database != 0) place.pathname = "/" + std::to_string(config.database);
  place.headers = {{"content-type", "Media type of the field `data`, which is the payload."},
                   {"key", "The ordering key: the user's id, or a token for who is no known user."}};
  return place;
}

}  // namespace user_events::destinations::redis
