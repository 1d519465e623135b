#include "schemas/words.h"

#include "catalogue/dom.h"
#include "catalogue/program.h"
#include "catalogue/reference.h"

namespace user_events::schemas {

using simdjson::dom::element;

Words::Words(const element& root, std::initializer_list<std::string_view> pointers) {
  for (const std::string_view start : pointers) {
    std::string pointer(start);
    for (std::size_t step = 0; step <= catalogue::kMaxInPlaceDepth; ++step) {
      element schema = root;
      if (!pointer.empty() && root.at_pointer(pointer).get(schema) != simdjson::SUCCESS) break;
      if (!schema.is_object()) break;
      schemas_.push_back(schema);
      std::string_view reference;
      if (schema["$ref"].get(reference) != simdjson::SUCCESS) break;
      const auto target = catalogue::local_reference(reference);
      if (!target) break;
      pointer = *target;
    }
  }
}

bool Words::find(std::string_view keyword, element& value) const {
  for (const element& schema : schemas_)
    if (schema[keyword].get(value) == simdjson::SUCCESS) return true;
  return false;
}

std::string Words::text(std::string_view keyword) const {
  element value;
  return find(keyword, value) && value.is_string() ? std::string(catalogue::text_in(value)) : std::string();
}

std::string Words::json(std::string_view keyword) const {
  element value;
  return find(keyword, value) ? simdjson::minify(value) : std::string();
}

std::vector<std::string> Words::json_items(std::string_view keyword) const {
  std::vector<std::string> items;
  element value;
  if (find(keyword, value) && value.is_array())
    for (const auto item : catalogue::array_in(value)) items.push_back(simdjson::minify(item));
  return items;
}

std::vector<std::string> Words::allowed_texts() const {
  std::vector<std::string> texts;
  element value;
  if (find("enum", value) && value.is_array()) {
    for (const auto item : catalogue::array_in(value))
      if (item.is_string()) texts.emplace_back(catalogue::text_in(item));
  } else if (find("const", value) && value.is_string()) {
    texts.emplace_back(catalogue::text_in(value));
  }
  return texts;
}

bool Words::flag(std::string_view keyword) const {
  element value;
  return find(keyword, value) && value.is_bool() && value.get_bool().value_unsafe();
}

}  // namespace user_events::schemas
