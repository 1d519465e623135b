// The filter switches of `dead-letters`, as a library filter and as the JSON of a request.
#pragma once

#include <string>

#include "cli/commands.h"
#include "user_events/publisher.h"

namespace user_events::cli {

/// Error usage names the switch.
[[nodiscard]] Result<DeadLetterFilter> letter_filter(const DeadLetterArguments& arguments);
/// `"filter":{…}` or `"all":true`, without braces around. Error usage if the arguments name neither letters nor `--all`, or both.
[[nodiscard]] Result<std::string> letter_choice(const DeadLetterArguments& arguments);

}  // namespace user_events::cli
