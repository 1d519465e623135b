// What the record of an act says: why, and members of the JSON object of what was asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::publisher {

/// Error invalid: it is blank, not UTF-8, or longer than 1,000 bytes.
[[nodiscard]] Result<void> check_reason(std::string_view reason);

/// `"name":` behind what is there already.
void append_member(std::string_view name, std::string& out);
/// Nothing for an empty text.
void append_text(std::string_view name, std::string_view value, std::string& out);
void append_number(std::string_view name, std::uint64_t value, std::string& out);

}  // namespace user_events::publisher
