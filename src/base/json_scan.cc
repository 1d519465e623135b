#include "base/json_scan.h"

#include <cstdint>
#include <cstring>

#include "base/json_text.h"

namespace user_events::base {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// Eight bytes at a time: whether a quote or a backslash is among them (after "Bit Twiddling Hacks",
/// hasvalue).
bool has_quote_or_escape(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u, kTops = 0x8080808080808080u;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kTops; };
  return (has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\'))) != 0;
}

std::size_t end_of_scalar(std::string_view json, std::size_t at) noexcept {
  const std::size_t begin = at;
  while (at < json.size() && json[at] != ',' && json[at] != '}' && json[at] != ']') ++at;
  return at == begin ? kNone : at;
}

}  // namespace

std::size_t end_of_string(std::string_view json, std::size_t at) noexcept {
  for (;;) {
    for (; at + 8 <= json.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, json.data() + at, 8);
      if (has_quote_or_escape(word)) break;
    }
    while (at < json.size() && json[at] != '"' && json[at] != '\\') ++at;
    if (at >= json.size()) return kNone;
    if (json[at] == '"') return at;
    at += 2;
    if (at > json.size()) return kNone;
  }
}

std::size_t end_of_value(std::string_view json, std::size_t at) noexcept {
  if (at >= json.size()) return kNone;
  if (json[at] == '"') {
    const std::size_t end = end_of_string(json, at + 1);
    return end == kNone ? kNone : end + 1;
  }
  if (json[at] != '{' && json[at] != '[') return end_of_scalar(json, at);
  for (std::size_t depth = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    if (c != '"') continue;
    at = end_of_string(json, at + 1);
    if (at == kNone) return kNone;
  }
  return kNone;
}

std::string member_prefix(std::string_view name) {
  std::string prefix;
  append_json_string(name, prefix);
  prefix += ':';
  return prefix;
}

}  // namespace user_events::base
