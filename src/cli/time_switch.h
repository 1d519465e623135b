// Times on the command line, given and shown.
#pragma once

#include <string>
#include <string_view>

#include "user_events/error.h"
#include "user_events/event.h"

namespace user_events::cli {

/// RFC 3339, UTC, milliseconds.
[[nodiscard]] std::string time_text(Timestamp time);
/// Error usage, naming the switch, if it is no RFC 3339 time.
[[nodiscard]] Result<Timestamp> parse_time_switch(std::string_view value, std::string_view name);

}  // namespace user_events::cli
