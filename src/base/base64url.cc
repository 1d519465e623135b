#include "base/base64url.h"

#include <array>
#include <cstdint>

namespace user_events::base {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::int8_t kForeign = -1;

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(kForeign);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}();

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string out;
  append_base64url(bytes, out);
  return out;
}

void append_base64url(std::string_view bytes, std::string& out) {
  const std::size_t before = out.size(), whole = bytes.size() / 3, left = bytes.size() % 3;
  out.resize(before + 4 * whole + (left == 0 ? 0 : left + 1));
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  char* to = out.data() + before;
  for (const auto* const end = from + 3 * whole; from != end; from += 3, to += 4) {
    const std::uint32_t bits = std::uint32_t{from[0]} << 16 | std::uint32_t{from[1]} << 8 | from[2];
    to[0] = kAlphabet[bits >> 18];
    to[1] = kAlphabet[bits >> 12 & 63];
    to[2] = kAlphabet[bits >> 6 & 63];
    to[3] = kAlphabet[bits & 63];
  }
  if (left == 0) return;
  const std::uint32_t bits = std::uint32_t{from[0]} << 16 | (left == 2 ? std::uint32_t{from[1]} << 8 : 0);
  to[0] = kAlphabet[bits >> 18];
  to[1] = kAlphabet[bits >> 12 & 63];
  if (left == 2) to[2] = kAlphabet[bits >> 6 & 63];
}

std::optional<std::string> parse_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = kValues[static_cast<unsigned char>(c)];
    if (value == kForeign) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  const bool has_left_over = (bits & ((1u << count) - 1)) != 0;
  if (count == 6 || has_left_over) return std::nullopt;
  return out;
}

}  // namespace user_events::base
