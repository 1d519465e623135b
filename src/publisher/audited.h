// Members of the JSON object that says what was asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace user_events::publisher {

/// `"name":` behind what is there already.
void append_member(std::string_view name, std::string& out);
/// Nothing for an empty text.
void append_text(std::string_view name, std::string_view value, std::string& out);
void append_number(std::string_view name, std::uint64_t value, std::string& out);

}  // namespace user_events::publisher
