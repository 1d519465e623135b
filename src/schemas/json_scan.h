// Steps over event data in its standard form: one compact JSON object that formation has checked
// (docs/catalogue.md, "The standard form of data"). No white space, no escapes but the necessary ones.
// Whatever the text is, nothing is read outside it. Private to the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace user_events::schemas {

/// Where the string ends whose content begins at `at`: the index of its closing quote; npos if there is none.
[[nodiscard]] std::size_t end_of_string(std::string_view json, std::size_t at) noexcept;

/// One behind the value that begins at `at`; npos if it does not end. Linear in it; no recursion.
[[nodiscard]] std::size_t end_of_value(std::string_view json, std::size_t at) noexcept;

/// Appends the content of a JSON string (without its quotes), unescaped. False, with something appended, at
/// an escape that the standard form does not have.
[[nodiscard]] bool append_unescaped(std::string_view content, std::string& out);

/// A whole number of at most 64 bits with its sign, also if it is written as `1e+15`. False if it is none or
/// does not fit.
[[nodiscard]] bool read_int64(std::string_view json, std::int64_t& value) noexcept;

enum class Exactness : std::uint8_t { exact, rounded, no_number };
/// Any number; `rounded` if a double cannot hold it.
[[nodiscard]] Exactness read_double(std::string_view json, double& value) noexcept;

/// Unix milliseconds of `2026-11-24T09:00:00.000Z`; false if it is not exactly of this form.
[[nodiscard]] bool read_time(std::string_view text, std::int64_t& unix_ms) noexcept;

[[nodiscard]] inline bool is_string(std::string_view json) noexcept {
  return json.size() >= 2 && json.front() == '"';
}
/// What is between the quotes of a string.
[[nodiscard]] inline std::string_view content_of(std::string_view json) noexcept {
  return json.substr(1, json.size() - 2);
}

/// Calls `item(json)` for each item of an array until it returns false. False if it did, or if the text is no
/// array.
template <class Item>
[[nodiscard]] bool each_item(std::string_view json, Item&& item) {
  if (json.size() < 2 || json.front() != '[' || json.back() != ']') return false;
  if (json.size() == 2) return true;
  for (std::size_t at = 0; at + 1 < json.size();) {
    const std::size_t end = end_of_value(json, at + 1);
    if (end >= json.size() || (json[end] != ',' && end + 1 != json.size())) return false;  // npos, too
    if (!item(json.substr(at + 1, end - at - 1))) return false;
    at = end;
  }
  return true;
}

/// Calls `member(key, json)`, key without quotes, for each member of an object until it returns false. False
/// if it did, or if the text is no object.
template <class Member>
[[nodiscard]] bool each_member(std::string_view json, Member&& member) {
  if (json.size() < 2 || json.front() != '{' || json.back() != '}') return false;
  if (json.size() == 2) return true;
  for (std::size_t at = 0; at + 1 < json.size();) {
    if (json[at + 1] != '"') return false;
    const std::size_t key_end = end_of_string(json, at + 2);
    if (key_end == std::string_view::npos || key_end + 1 >= json.size() || json[key_end + 1] != ':')
      return false;
    const std::size_t end = end_of_value(json, key_end + 2);
    if (end >= json.size() || (json[end] != ',' && end + 1 != json.size())) return false;  // npos, too
    if (!member(json.substr(at + 2, key_end - at - 2), json.substr(key_end + 2, end - key_end - 2)))
      return false;
    at = end;
  }
  return true;
}

}  // namespace user_events::schemas
