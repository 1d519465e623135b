// URIs as text, RFC 3986.
#pragma once

#include <string_view>

namespace user_events::base {

/// Only characters that RFC 3986 allows in a URI reference, percent signs followed by two hexadecimal digits;
/// not empty.
[[nodiscard]] bool is_uri_reference(std::string_view text) noexcept;

}  // namespace user_events::base
