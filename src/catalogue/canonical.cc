#include "catalogue/canonical.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "catalogue/dom.h"

namespace user_events::catalogue {
namespace {

void append_canonical_double(double value, std::string& out) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (value == std::trunc(value) && value >= -kTwoTo63 && value < kTwoTo63)
    base::append_json_number(static_cast<std::int64_t>(value), out);
  else if (value == std::trunc(value) && value >= kTwoTo63 && value < 2 * kTwoTo63)
    base::append_json_number(static_cast<std::uint64_t>(value), out);
  else
    base::append_json_number(value, out);
}

void append_canonical_object(const simdjson::dom::object& object, std::string& out) {
  std::vector<std::pair<std::string_view, simdjson::dom::element>> members;
  for (const auto field : object) members.emplace_back(field.key, field.value);
  std::ranges::stable_sort(members, {}, [](const auto& member) { return member.first; });
  out += '{';
  for (const auto& [key, value] : members) {
    base::append_json_string(key, out);
    out += ':';
    append_canonical(value, out);
    out += ',';
  }
  out += '}';
}

}  // namespace

void append_canonical(const simdjson::dom::element& value, std::string& out) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::NULL_VALUE:
      out += "null";
      return;
    case element_type::BOOL:
      out += value.get_bool().value_unsafe() ? "true" : "false";
      return;
    case element_type::INT64:
      base::append_json_number(value.get_int64().value_unsafe(), out);
      return;
    case element_type::UINT64:
      base::append_json_number(value.get_uint64().value_unsafe(), out);
      return;
    case element_type::DOUBLE:
      append_canonical_double(value.get_double().value_unsafe(), out);
      return;
    case element_type::STRING:
      base::append_json_string(text_in(value), out);
      return;
    case element_type::OBJECT:
      append_canonical_object(object_in(value), out);
      return;
    case element_type::ARRAY:
      out += '[';
      for (const auto item : array_in(value)) {
        append_canonical(item, out);
        out += ',';
      }
      out += ']';
      return;
  }
}

}  // namespace user_events::catalogue
