#include "base/uuid.h"

#include <array>

namespace user_events::base {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr bool is_dash(std::size_t i) noexcept { return i == 8 || i == 13 || i == 18 || i == 23; }

/// Value of a hexadecimal digit of either case, or -1.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void append_uuid7(std::int64_t unix_ms, ports::Random& random, std::string& out) {
  std::array<unsigned char, 16> bytes;
  random.fill(std::as_writable_bytes(std::span(bytes)).subspan(6));
  for (int i = 5; i >= 0; --i, unix_ms >>= 8)
    bytes[static_cast<std::size_t>(i)] = static_cast<unsigned char>(unix_ms & 0xff);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x70);  // version 7
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 9562
  std::array<char, kUuidTextSize> text;
  std::size_t at = 0;
  for (const unsigned char byte : bytes) {
    if (is_dash(at)) text[at++] = '-';
    text[at++] = kHex[byte >> 4];
    text[at++] = kHex[byte & 15];
  }
  out.append(text.data(), text.size());
}

std::optional<std::int64_t> uuid7_time_ms(std::string_view text) noexcept {
  if (text.size() != kUuidTextSize || text[14] != '7') return std::nullopt;
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hex_value(text[i]);
    if (digit < 0) return std::nullopt;
    if (i < 13) ms = ms * 16 + digit;  // the first 48 bits
  }
  const int variant = hex_value(text[19]);
  if (variant < 8 || variant > 11) return std::nullopt;
  return ms;
}

}  // namespace user_events::base
