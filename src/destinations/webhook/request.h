// One event as one request.
#pragma once

#include <cstdint>

#include "destinations/destination.h"
#include "destinations/http/client.h"
#include "destinations/webhook/config.h"

namespace user_events::destinations::webhook {

/// `timestamp_s`: of the attempt, seconds since 1970.
[[nodiscard]] http::Request make_request(const Config& config, const Message& message,
                                         std::int64_t timestamp_s);

/// The deduplication id, percent-encoded, dots too: Standard Webhooks separates what is signed by dots.
[[nodiscard]] std::string webhook_id(const Message& message);

}  // namespace user_events::destinations::webhook
