#include "schemas/wire_names.h"

#include <algorithm>

#include "base/ascii.h"

namespace user_events::schemas {
namespace {

constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::string identifier(std::string_view name) {
  std::string made;
  for (const char c : name) made += is_lower(c) || is_upper(c) || is_digit(c) ? c : '_';
  if (made.empty() || is_digit(made.front())) made.insert(0, 1, '_');
  return made;
}

/// As protoc compares names: in lower case.
std::string without_underscores(std::string_view name) {
  std::string plain = base::lowered(name);
  std::erase(plain, '_');
  return plain;
}

/// A name that is good as it is stays; no other field gets it. (protoc asks that, too: its JSON readers take
/// a field under both names.)
template <class Rename>
std::vector<std::string> field_names(const Object& object, const std::string& extra, Rename&& rename) {
  Names taken;
  for (const Field& field : object.fields) taken.take(field.name);
  std::vector<std::string> names;
  for (const Field& field : object.fields) {
    const std::string wanted = rename(field.name);
    names.push_back(wanted == field.name ? wanted : taken.give(wanted));
  }
  names.push_back(taken.give(extra));
  return names;
}

}  // namespace

bool is_identifier(std::string_view name) noexcept {
  return !name.empty() && !is_digit(name.front()) && std::ranges::all_of(name, [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
  });
}

bool is_avro_enum(const Shape& shape) noexcept {
  return shape.kind == Kind::enumeration && !shape.symbols.empty() &&
         std::ranges::all_of(shape.symbols, is_identifier);
}

std::vector<std::string> avro_field_names(const Object& object) {
  return field_names(object, "additionalProperties", identifier);
}

std::vector<std::string> protobuf_field_names(const Object& object) {
  std::vector<std::string> names = field_names(object, "additional_properties", snake_case);
  // protoc refuses two fields whose names differ in case and underscores alone (proto3); the first one keeps its own.
  Names folded;
  for (std::string& name : names) {
    const std::string plain = without_underscores(name);
    name += folded.give(plain).substr(plain.size());
  }
  return names;
}

std::string default_json_name(std::string_view protobuf_name) {
  std::string json;
  bool raise = false;
  for (const char c : protobuf_name) {
    if (c != '_') json += raise && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    raise = c == '_';
  }
  return json;
}

std::string snake_case(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (is_upper(c)) {
      if (!snake.empty() && snake.back() != '_') snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else {
      snake += is_lower(c) || is_digit(c) ? c : '_';
    }
  }
  if (snake.empty() || !is_lower(snake.front())) snake.insert(0, "x");
  return snake;
}

std::string Names::give(const std::string& wanted) {
  std::string name = wanted;
  std::uint32_t& next = next_.try_emplace(wanted, 2).first->second;
  while (!taken_.insert(name).second) name = wanted + std::to_string(next++);
  return name;
}

}  // namespace user_events::schemas
