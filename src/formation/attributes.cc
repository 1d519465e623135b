#include "formation/attributes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "encoding/envelope.h"

namespace user_events::formation {
namespace {

constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_lower_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f'); }
constexpr char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

bool ends_with_ignoring_case(std::string_view text, std::string_view lower_end) noexcept {
  return text.size() >= lower_end.size() &&
         std::ranges::equal(text.substr(text.size() - lower_end.size()), lower_end, {}, to_lower);
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Lower-case hexadecimal of one exact length.
bool is_hex_field(std::string_view text, std::size_t size) noexcept {
  return text.size() == size && std::ranges::all_of(text, is_lower_hex);
}

bool is_all_zero(std::string_view text) noexcept {
  return text.find_first_not_of('0') == std::string_view::npos;
}

/// W3C Trace Context level 2, `key`: `a`..`z` or a digit first, then also `_-*/`, and `@` between tenant and
/// system.
bool is_tracestate_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= 256 && (is_lower(key[0]) || is_digit(key[0])) &&
         std::ranges::all_of(
             key,
             [](char c) { return is_lower(c) || is_digit(c) || std::string_view("_-*/@").contains(c); }) &&
         std::ranges::count(key, '@') <= 1;
}

bool is_tracestate_value(std::string_view value) noexcept {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

/// Of `name=value; name=value`: false if there is a charset other than UTF-8, or US-ASCII, its subset.
bool is_utf8_charset(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos ||
        !std::ranges::equal(trim(parameter.substr(0, equals)), std::string_view("charset"), {}, to_lower))
      continue;
    std::string_view charset = trim(parameter.substr(equals + 1));
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"')
      charset = charset.substr(1, charset.size() - 2);
    const auto is = [charset](std::string_view name) {
      return std::ranges::equal(charset, name, {}, to_lower);
    };
    if (!is("utf-8") && !is("us-ascii")) return false;
  }
  return true;
}

}  // namespace

bool has_control_character(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

bool has_noncharacter(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (byte(i) < 0xef) continue;
    const bool is_three_bytes = byte(i) == 0xef;
    if (is_three_bytes && byte(i + 1) == 0xb7 && byte(i + 2) >= 0x90 && byte(i + 2) <= 0xaf) return true;
    // U+xxFFFE and U+xxFFFF: all sixteen low bits set, but perhaps the last.
    const std::size_t low = is_three_bytes ? i + 1 : i + 2;
    const bool ends_plane = low + 1 < text.size() && byte(low) == 0xbf && (byte(low + 1) & 0xfe) == 0xbe;
    if (ends_plane && (is_three_bytes || (byte(i + 1) & 0x0f) == 0x0f)) return true;
  }
  return false;
}

bool is_attribute_name(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c); });
}

bool is_json_media_type(std::string_view text) noexcept {
  const std::size_t semicolon = text.find(';');
  const std::string_view type = trim(text.substr(0, semicolon));
  if (semicolon != std::string_view::npos && !is_utf8_charset(text.substr(semicolon + 1))) return false;
  const std::size_t slash = type.find('/');
  if (slash == 0 || slash == std::string_view::npos || type.find_first_of(" \t") != std::string_view::npos)
    return false;
  const std::string_view subtype = type.substr(slash + 1);
  return ends_with_ignoring_case(subtype, "json") &&
         (subtype.size() == 4 || subtype[subtype.size() - 5] == '+');
}

bool is_traceparent(std::string_view text) noexcept {
  constexpr std::size_t kVersion00Bytes = 55;
  if (text.size() < kVersion00Bytes || text.size() > 255 || text[2] != '-' || text[35] != '-' ||
      text[52] != '-')
    return false;
  const std::string_view version = text.substr(0, 2), trace_id = text.substr(3, 32),
                         parent_id = text.substr(36, 16);
  if (!is_hex_field(version, 2) || version == "ff" || !is_hex_field(trace_id, 32) || is_all_zero(trace_id) ||
      !is_hex_field(parent_id, 16) || is_all_zero(parent_id) || !is_hex_field(text.substr(53, 2), 2))
    return false;
  if (text.size() == kVersion00Bytes) return true;
  // A later version may append fields.
  return version != "00" && text[kVersion00Bytes] == '-' &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_tracestate(std::string_view text) noexcept {
  constexpr std::size_t kMaxMembers = 32;
  if (text.size() > encoding::kMaxTracestateBytes) return false;
  std::array<std::string_view, kMaxMembers> keys;
  std::size_t count = 0;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view member = trim(rest.substr(0, comma));
    if (!member.empty()) {  // empty members are allowed
      const std::size_t equals = member.find('=');
      if (count == kMaxMembers || equals == std::string_view::npos) return false;
      const std::string_view key = member.substr(0, equals);
      if (!is_tracestate_key(key) || !is_tracestate_value(member.substr(equals + 1))) return false;
      if (std::ranges::find(keys.begin(), keys.begin() + count, key) != keys.begin() + count) return false;
      keys[count++] = key;
    }
    if (comma == std::string_view::npos) return count > 0;
    rest.remove_prefix(comma + 1);
  }
}

std::optional<DataSchema> parse_data_schema(std::string_view uri) noexcept {
  constexpr std::string_view kPrefix = "urn:user-events:schema:";
  if (!uri.starts_with(kPrefix)) return std::nullopt;
  uri.remove_prefix(kPrefix.size());
  const std::size_t colon = uri.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view digits = uri.substr(colon + 1);
  DataSchema schema{uri.substr(0, colon), 0};
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), schema.version);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() || schema.version == 0)
    return std::nullopt;
  return schema;
}

}  // namespace user_events::formation
