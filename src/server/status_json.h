// The answer of GET /v1/status, also for who prints a status without a server.
#pragma once

#include <string>

#include "user_events/publisher.h"

namespace user_events::server {

/// One line of JSON; members: docs/http.md, "State".
[[nodiscard]] std::string status_json(const Status& status);
/// One of its destinations.
void append_destination_status(const DestinationStatus& one, std::string& out);

}  // namespace user_events::server
