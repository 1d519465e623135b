#include "exports/draft7.h"

#include <simdjson.h>

#include "base/json_writer.h"

namespace user_events::exports {
namespace {

using simdjson::dom::element;

class Writer {
 public:
  explicit Writer(std::string_view place) : place_(place) {}

  std::string schema(const element& value) const {  // NOLINT(misc-no-recursion): the catalogue bounds the depth
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return simdjson::minify(value);  // true, false
    std::string out;
    base::ObjectWriter writer(out);
    std::string_view reference;
    const bool refers = object["$ref"].get(reference) == simdjson::SUCCESS;
    if (refers) {
      std::string target;
      base::append_json_string(std::string(place_) + std::string(reference.substr(1)), target);
      if (object.size() == 1)
        writer.raw("$ref", target);
      else
        writer.raw("allOf", "[{\"$ref\":" + target + "}]");
    }
    for (const auto member : object) {
      if (member.key == "$ref" || member.key == "$schema" || member.key == "$id") continue;
      writer.raw(escaped(member.key), keyword(member.key, member.value));
    }
    writer.end();
    return out;
  }

 private:
  static std::string escaped(std::string_view name) {
    std::string out;
    base::append_json_escaped(name, out);
    return out;
  }

  std::string keyword(std::string_view name, const element& value) const {  // NOLINT(misc-no-recursion)
    if (name == "properties" || name == "$defs" || name == "definitions") return named(value);
    if (name == "items" || name == "additionalProperties") return schema(value);
    if (name != "anyOf") return simdjson::minify(value);
    std::string out;
    simdjson::dom::array branches;
    if (value.get(branches) == simdjson::SUCCESS)
      base::append_array(branches, out, [&](const element& branch) { out += schema(branch); });
    return out;
  }

  std::string named(const element& value) const {  // NOLINT(misc-no-recursion)
    std::string out;
    base::ObjectWriter writer(out);
    simdjson::dom::object object;
    if (value.get(object) == simdjson::SUCCESS)
      for (const auto member : object) writer.raw(escaped(member.key), schema(member.value));
    writer.end();
    return out;
  }

  std::string_view place_;
};

}  // namespace

std::string to_draft7(std::string_view schema_text, std::string_view place) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(schema_text.data(), schema_text.size()).get(root) != simdjson::SUCCESS) return "true";  // compiled before: cannot be
  return Writer(place).schema(root);
}

}  // namespace user_events::exports
