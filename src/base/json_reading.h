// Small JSON documents from strangers: bounded in depth, and a name twice is no document.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace user_events::base {

inline constexpr std::size_t kMaxJsonDepth = 12;

/// The object lives as long as `parser` parses nothing else.
[[nodiscard]] inline std::optional<simdjson::dom::object> parse_object(simdjson::dom::parser& parser, std::string_view text) {
  simdjson::dom::object object;
  if (parser.allocate(text.size() + 1, kMaxJsonDepth) != simdjson::SUCCESS) return std::nullopt;
  if (parser.parse(simdjson::padded_string(text)).get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string_view> names;
  for (const auto& member : object) names.push_back(member.key);
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) return std::nullopt;
  return object;
}

[[nodiscard]] inline std::optional<std::string_view> text_of(const simdjson::dom::object& object, std::string_view name) {
  std::string_view text;
  if (object.at_key(name).get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

[[nodiscard]] inline bool has(const simdjson::dom::object& object, std::string_view name) {
  return object.at_key(name).error() == simdjson::SUCCESS;
}

}  // namespace user_events::base
