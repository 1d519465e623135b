#include "base/json_values.h"

#include <charconv>
#include <cmath>

#include "base/time_text.h"

namespace user_events::base {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// -1: no hexadecimal digit.
int hexadecimal(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// The character of an escape at `rest[0] == '\\'`, and its length; 0 if there is no such escape.
std::size_t escape(std::string_view rest, char& character) noexcept {
  constexpr std::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
  if (rest.size() < 2) return 0;
  if (const std::size_t known = kShort.find(rest[1]); known != kNone) {
    character = kMeaning[known];
    return 2;
  }
  if (rest.size() < 6 || rest.substr(1, 3) != "u00") return 0;
  const int high = hexadecimal(rest[4]), low = hexadecimal(rest[5]);
  if (high < 0 || high > 7 || low < 0) return 0;
  character = static_cast<char>(high * 16 + low);
  return 6;
}

}  // namespace

bool append_unescaped(std::string_view content, std::string& out) {
  for (;;) {
    const std::size_t plain = content.find('\\');
    out.append(content.substr(0, plain));
    if (plain == kNone) return true;
    content.remove_prefix(plain);
    char character = 0;
    const std::size_t length = escape(content, character);
    if (length == 0) return false;
    out += character;
    content.remove_prefix(length);
  }
}

bool read_int64(std::string_view json, std::int64_t& value) noexcept {
  const char* const end = json.data() + json.size();
  const auto whole = std::from_chars(json.data(), end, value);
  if (whole.ptr == end) return whole.ec == std::errc();
  double number = 0;
  const auto any = std::from_chars(json.data(), end, number);
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (any.ptr != end || any.ec != std::errc() || number != std::trunc(number) || number < -kTwoTo63 ||
      number >= kTwoTo63)
    return false;
  value = static_cast<std::int64_t>(number);
  return true;
}

Exactness read_double(std::string_view json, double& value) noexcept {
  const char* const end = json.data() + json.size();
  if (json.empty() || json.front() == 'i' || json.front() == 'n')
    return Exactness::no_number;  // from_chars knows `inf`
  const auto any = std::from_chars(json.data(), end, value);
  if (any.ptr != end || any.ec != std::errc() || !std::isfinite(value)) return Exactness::no_number;
  // A number with a fraction or an exponent was a double when it was written; a whole one may be any of 64
  // bits.
  if (json.find_first_of(".e") != kNone || json.size() <= 15) return Exactness::exact;
  std::int64_t whole = 0;
  std::uint64_t positive = 0;
  const auto exact = static_cast<long double>(value);
  if (std::from_chars(json.data(), end, whole).ec == std::errc())
    return static_cast<long double>(whole) == exact ? Exactness::exact : Exactness::rounded;
  if (std::from_chars(json.data(), end, positive).ec == std::errc())
    return static_cast<long double>(positive) == exact ? Exactness::exact : Exactness::rounded;
  return Exactness::rounded;
}

bool read_time(std::string_view text, std::int64_t& unix_ms) noexcept {
  // A leap second is written as the next minute, so `:60` is not of this form.
  if (text.size() != base::kTimeTextSize || text[10] != 'T' || text[17] == '6' || text[19] != '.' ||
      text[23] != 'Z')
    return false;
  const auto time = base::parse_time(text);
  if (time) unix_ms = *time;
  return time.has_value();
}

}  // namespace user_events::base
