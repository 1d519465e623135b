// Where the receiver is: scheme, host and port. Path and query of its URL can hold a secret.
#include "destinations/webhook/config.h"

namespace user_events::destinations::webhook {

Place place_of(const Config& config) {
  Place place{.protocol = config.origin.substr(0, config.origin.find("://")), .hosts = {host_of_url(config.origin)}, .address = std::nullopt};
  place.headers = {{"content-type", "Media type of the body."},
                   {"webhook-id", "The event's id, after a replay with its generation; percent-encoded."},
                   {"webhook-timestamp", "When this attempt was signed, in seconds since 1970."},
                   {"webhook-signature", "Signatures after Standard Webhooks, separated by spaces."}};
  place.operation_bindings = R"("http":{"method":"POST","bindingVersion":"0.3.0"})";
  return place;
}

}  // namespace user_events::destinations::webhook
