// Destination `stdout`: one event a line (NDJSON) on standard output. Acknowledged when the system took the bytes.
#pragma once

#include "destinations/destination.h"

namespace user_events::destinations {

[[nodiscard]] const Kind& stdout_kind();

}  // namespace user_events::destinations
