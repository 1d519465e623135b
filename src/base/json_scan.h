// Steps over JSON in its standard form, as formation writes it (docs/catalogue.md, "The standard form of data"): no white space, no escapes but the
// necessary ones. Whatever the text is, nothing is read outside it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace user_events::base {

/// Where the string ends whose content begins at `at`: the index of its closing quote; npos if there is none.
[[nodiscard]] std::size_t end_of_string(std::string_view json, std::size_t at) noexcept;

/// One behind the value that begins at `at`; npos if it does not end. Linear in it; no recursion.
[[nodiscard]] std::size_t end_of_value(std::string_view json, std::size_t at) noexcept;

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
/// if it did, or if the text is no object. Both are views into `json`, where `"key":value` stands in one piece.
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

/// `"name":`, as a member begins.
[[nodiscard]] std::string member_prefix(std::string_view name);
/// The same around a key that `each_member` gave.
[[nodiscard]] inline std::string_view prefix_of(std::string_view key) noexcept { return {key.data() - 1, key.size() + 3}; }

}  // namespace user_events::base
