#include "base/json_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace user_events::base {
namespace {

constexpr bool must_escape(unsigned char c) noexcept { return c < 0x20 || c == '"' || c == '\\'; }

/// Eight bytes at a time: true if any of them must be escaped (after "Bit Twiddling Hacks", hasless/hasvalue;
/// a byte with its top bit set never matches).
bool any_must_escape(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u, kTops = 0x8080808080808080u;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kTops; };
  const std::uint64_t below_space = (word - kOnes * 0x20) & ~word & kTops;
  return (below_space | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\'))) != 0;
}

/// Length of the longest prefix of `text` that goes out as it is.
std::size_t plain_prefix(std::string_view text) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if (any_must_escape(word)) break;
  }
  while (i < text.size() && !must_escape(static_cast<unsigned char>(text[i]))) ++i;
  return i;
}

void append_escape(unsigned char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::array<char, 6> text = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
  out.append(text.data(), text.size());
}

template <class Number>
void append_number(Number value, std::string& out) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end.ptr);
}

}  // namespace

void append_json_escaped(std::string_view text, std::string& out) {
  for (;;) {
    const std::size_t plain = plain_prefix(text);
    out.append(text.substr(0, plain));
    if (plain == text.size()) return;
    append_escape(static_cast<unsigned char>(text[plain]), out);
    text.remove_prefix(plain + 1);
  }
}

std::size_t json_escaped_size(std::string_view text) noexcept {
  std::size_t size = 0;
  for (;;) {
    const std::size_t plain = plain_prefix(text);
    size += plain;
    if (plain == text.size()) return size;
    const auto c = static_cast<unsigned char>(text[plain]);
    const bool has_short_form = c >= 0x20 || (c >= '\b' && c <= '\r' && c != '\v');
    size += has_short_form ? 2 : 6;
    text.remove_prefix(plain + 1);
  }
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  append_json_escaped(text, out);
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

void append_json_number(std::int64_t value, std::string& out) { append_number(value, out); }
void append_json_number(std::uint64_t value, std::string& out) { append_number(value, out); }
void append_json_number(double value, std::string& out) { append_number(value, out); }

void append_pointer_token(std::string_view token, std::string& pointer) {
  pointer += '/';
  for (const char c : token) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

std::string last_pointer_token(std::string_view pointer) {
  std::string token;
  for (std::size_t at = pointer.rfind('/') + 1; at < pointer.size(); ++at) {
    const bool is_escape = pointer[at] == '~' && at + 1 < pointer.size();
    token += !is_escape ? pointer[at] : pointer[++at] == '1' ? '/' : '~';
  }
  return token;
}

bool begins_json_array(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '[';
}

}  // namespace user_events::base
