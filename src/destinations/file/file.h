// Destination `file`: one event a line (NDJSON), appended to a file, synced before it is acknowledged.
#pragma once

#include "destinations/destination.h"

namespace user_events::destinations {

[[nodiscard]] const Kind& file_kind();

}  // namespace user_events::destinations
