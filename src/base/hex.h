// Bytes as hexadecimal digits, lower case (RFC 4648, base 16).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace user_events::base {

void append_hex(std::string_view bytes, std::string& out);
/// False, with `out` in any state, unless `text` is exactly two digits of either case for each byte of `out`.
[[nodiscard]] bool parse_hex(std::string_view text, std::span<unsigned char> out) noexcept;

}  // namespace user_events::base
