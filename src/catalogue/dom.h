// simdjson's DOM values after their type was checked. By value: its results must not be iterated as
// temporaries.
#pragma once

#include <simdjson.h>

#include <string_view>

namespace user_events::catalogue {

inline simdjson::dom::array array_in(const simdjson::dom::element& value) noexcept {
  return value.get_array().value_unsafe();
}
inline simdjson::dom::object object_in(const simdjson::dom::element& value) noexcept {
  return value.get_object().value_unsafe();
}
inline std::string_view text_in(const simdjson::dom::element& value) noexcept {
  return value.get_string().value_unsafe();
}

}  // namespace user_events::catalogue
