// Where consumers find the subjects. AsyncAPI's binding for NATS knows nothing but a consumer's queue.
#include "destinations/nats/config.h"

namespace user_events::destinations::nats {

Place place_of(const Config& config) {
  Place place{.protocol = "nats", .hosts = {}, .address = address_of(config.subject)};
  for (const auto& server : config.servers) place.hosts.push_back(host_of_url(server));
  place.headers = {{"content-type", "Media type of the body."},
                   {"Nats-Msg-Id", "What the stream tells repetitions by: the event's id, after a replay with its generation."},
                   {"Nats-Expected-Stream", "The stream that stores the event."}};
  return place;
}

}  // namespace user_events::destinations::nats
