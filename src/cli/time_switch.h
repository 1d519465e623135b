// Times on the command line, given and shown.
#pragma once

#include <string_view>

#include "base/time_text.h"
#include "user_events/error.h"
#include "user_events/event.h"

namespace user_events::cli {

using base::time_text;
/// Error usage, naming the switch, if it is no RFC 3339 time.
[[nodiscard]] Result<Timestamp> parse_time_switch(std::string_view value, std::string_view name);

}  // namespace user_events::cli
