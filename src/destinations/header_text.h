// Text in headers that allow printable ASCII only.
#pragma once

#include <string>
#include <string_view>

#include "destinations/destination.h"

namespace user_events::destinations {

/// Appends `value`, percent-encoded as the CloudEvents HTTP and NATS bindings want it: space, `"`, `%` and everything outside
/// U+0021–U+007E. `also` are further characters to encode.
void append_percent_encoded(std::string_view value, std::string& out, std::string_view also = {});

/// What a broker tells repetitions by: the event id, and after an explicit replay also its generation.
[[nodiscard]] std::string deduplication_id(const Message& message);

}  // namespace user_events::destinations
