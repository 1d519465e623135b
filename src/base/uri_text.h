// URIs as text, RFC 3986.
#pragma once

#include <string>
#include <string_view>

namespace user_events::base {

/// Letters, digits and `-._~`: what never needs encoding.
[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Appends `%XX`.
void append_percent_octet(char octet, std::string& out);

/// Appends `text`, with each octet percent-encoded for which `is_plain(char)` is false.
template <class IsPlain>
void append_percent_encoded(std::string_view text, std::string& out, IsPlain&& is_plain) {
  for (const char c : text) is_plain(c) ? out.push_back(c) : append_percent_octet(c, out);
}

/// The host of an absolute URL is `localhost`, `[::1]` or an IPv4 address in 127.0.0.0/8; a name such as `127.example.com` is not.
[[nodiscard]] bool is_loopback_url(std::string_view url) noexcept;

/// Only characters that RFC 3986 allows in a URI reference, percent signs followed by two hexadecimal digits;
/// not empty.
[[nodiscard]] bool is_uri_reference(std::string_view text) noexcept;

}  // namespace user_events::base
