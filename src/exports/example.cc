#include "exports/example.h"

#include <simdjson.h>

#include <algorithm>

#include "base/json_text.h"

namespace user_events::exports {
namespace {

using base::json_string;
using schemas::Field;
using schemas::Kind;
using schemas::Model;
using schemas::Object;
using schemas::Shape;

constexpr std::string_view kTime = "2026-11-24T09:00:00.000Z";
constexpr std::int64_t kTimeMs = 1'795'510'800'000;
constexpr std::string_view kEventId = "01936d3c-5a00-7c3a-9d27-0d3a0b6c1f42";
constexpr std::string_view kJournalId = "1nkxnkn7hyaphvfz0884jfcnvk.fm9hm980";
constexpr std::string_view kToken = "tok_6c1f0b3a9d275a3c00d36d190f42b6c1";
constexpr std::uint64_t kSequence = 42;

std::string_view text_of_format(std::string_view format) {
  if (format == "email") return "ada@example.com";
  if (format == "ipv4") return "192.0.2.1";
  if (format == "ipv6") return "2001:db8::1";
  if (format == "date-time") return kTime;
  if (format == "date") return "2026-11-24";
  if (format == "uuid") return "5f0c7f52-8f6c-4c3e-9a55-0f1b8f1e2d3c";
  if (format == "uri") return "https://example.com/";
  return {};
}

class Maker {
 public:
  explicit Maker(const Model& model) : model_(model) {}

  std::string object(const Object& object) const {
    std::string out = "{";
    for (const Field& field : object.fields) {
      if (out.size() > 1) out += ',';
      base::append_json_string(field.name, out);
      (out += ':') += value(object, field);
    }
    return out + "}";
  }

 private:
  std::string value(const Object& around, const Field& field) const {
    constexpr std::string_view kKeysOf = "keys-of:/";
    if (field.filled_with.starts_with(kKeysOf))
      if (const Field* source = Model::find(around, std::string_view(field.filled_with).substr(kKeysOf.size())))
        return keys_of(value(around, *source));
    if (!field.examples.empty()) return field.examples.front();
    if (!field.default_json.empty()) return field.default_json;
    if (field.key == "user" && field.shape.kind == Kind::text) return json_string("u-1");
    return value(field.shape, field.name);
  }

  std::string value(const Shape& shape, std::string_view name) const {
    if (!shape.constraints.values.empty()) return shape.constraints.values.front();
    switch (shape.kind) {
      case Kind::boolean: return "true";
      case Kind::integer:
      case Kind::number: return number(shape);
      case Kind::timestamp: return json_string(kTime);
      case Kind::text:
      case Kind::enumeration: return text(shape, name);
      case Kind::array: {
        const std::string item = value(*shape.element, name);
        std::string out = "[" + item;
        for (std::uint32_t i = 1; i < shape.constraints.min_items.value_or(1); ++i) out += "," + item;
        return out + "]";
      }
      case Kind::map: return "{\"name\":" + value(*shape.element, name) + "}";
      case Kind::object: return object(model_.objects[shape.object]);
      case Kind::any: return json_string("anything");
    }
    return "null";
  }

  static std::string number(const Shape& shape) {
    const auto& rule = shape.constraints;
    for (const std::string* bound : {&rule.minimum, &rule.maximum, &rule.multiple_of})
      if (!bound->empty()) return *bound;
    return "1";
  }

  /// The name of the field, as long as the length wants it.
  static std::string text(const Shape& shape, std::string_view name) {
    for (const std::string& format : shape.formats)
      if (const auto known = text_of_format(format); !known.empty()) return json_string(known);
    std::string out(name);
    const std::size_t least = shape.constraints.min_length.value_or(0), most = shape.constraints.max_length.value_or(1'024);
    if (out.size() > most || !std::ranges::all_of(out, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) out = std::string(most, 'a').substr(0, 1);
    if (out.size() < least) out.append(least - out.size(), 'x');
    return json_string(out);
  }

  static std::string keys_of(const std::string& json) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    std::string out = "[";
    if (parser.parse(json).get(object) == simdjson::SUCCESS)
      for (const auto member : object) {
        if (out.size() > 1) out += ',';
        base::append_json_string(member.key, out);
      }
    return out + "]";
  }

  const Model& model_;
};

}  // namespace

std::optional<std::string> example_data(const catalogue::EventType& type, const Model& model) {
  const std::string text = Maker(model).object(model.root());
  simdjson::dom::parser parser;
  simdjson::dom::element data;
  std::vector<FieldError> findings;
  std::string normal;
  if (parser.parse(text).get(data) != simdjson::SUCCESS || !type.schema.normalise(data, {kTimeMs}, "", normal, findings)) return std::nullopt;
  return normal;
}

ExampleKey example_key(const catalogue::EventType& type, std::string_view data) {
  simdjson::dom::parser parser;
  simdjson::dom::element object;
  if (parser.parse(data.data(), data.size()).get(object) == simdjson::SUCCESS)
    for (const auto& key : type.keys) {
      std::string_view value;
      if (object[key.name].get(value) == simdjson::SUCCESS && !value.empty() && !value.starts_with("enc1.")) return {key.is_user ? std::string(value) : std::string(kToken), key.is_user};
    }
  return {std::string(kToken), false};
}

std::string example_body(const catalogue::EventType& type, std::string_view source, std::string_view data, encoding::Format format) {
  const ExampleKey key = example_key(type, data);
  encoding::Envelope envelope{.id = kEventId, .source = source, .type = type.name, .version = type.version, .partition_key = key.partition_key,
                              .subject_is_key = key.is_user, .time_ms = kTimeMs};
  envelope.data = data;
  envelope.schema_variant = type.variant;
  std::string out;
  encoding::append_body(format, envelope, {.journal_id = kJournalId, .sequence = kSequence}, out);
  return out;
}

}  // namespace user_events::exports
