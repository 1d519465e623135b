// Avro schema texts.
#include <set>

#include "base/json_text.h"
#include "schemas/texts.h"
#include "schemas/wire_names.h"

namespace user_events::schemas {
namespace {

/// Any JSON value, as a type of its own, because a union cannot contain itself without a name. The same full
/// name in every schema.
constexpr std::string_view kJsonValue = "user_events.json.Value";

class Writer {
 public:
  explicit Writer(const Model& model)
      : model_(model), nested_(model.space + "." + snake_case(model.root().name)) {
    for (const Object& object : model.objects) names_.take(object.name);
  }

  std::string run() {
    record(0, 0);
    return std::move(out_ += '\n');
  }

 private:
  void line(std::size_t indent) { (out_ += '\n').append(indent, ' '); }

  void member(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out_ += ", ";
    base::append_json_string(name, out_);
    out_ += ": ";
    base::append_json_string(text, out_);
  }

  /// A record where it stands first, its full name elsewhere.
  void record(std::uint32_t index, std::size_t indent) {
    const Object& object = model_.objects[index];
    const std::string_view space = index == 0 ? std::string_view(model_.space) : nested_;
    if (!written_.insert(index).second) {
      base::append_json_string(std::string(space) + "." + object.name, out_);
      return;
    }
    out_ += "{\"type\": \"record\"";
    member("name", object.name);
    member("namespace", space);
    member("doc", object.description.empty() ? object.title : object.description);
    if (index == 0) member("dataschema", model_.data_schema_uri);
    out_ += ", \"fields\": [";
    const auto names = avro_field_names(object);
    bool first = true;
    const auto begin = [&](const std::string& name) {
      if (!first) out_ += ',';
      first = false;
      line(indent + 2);
      out_ += "{\"name\": ";
      base::append_json_string(name, out_);
      out_ += ", \"type\": ";
    };
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      begin(names[i]);
      field(object, object.fields[i], names[i], indent + 2);
    }
    if (object.extra != nullptr) {
      begin(names.back());
      map(*object.extra, object.name + "Value", indent + 2);
      member("doc", "Members that the schema does not name.");
      out_ += ", \"default\": {}}";
    }
    if (!first) line(indent);
    out_ += "]}";
  }

  void field(const Object& object, const Field& field, const std::string& name, std::size_t indent) {
    const std::string path = object.name + pascal_case(field.name);
    if (field.required)
      shape(field.shape, path, indent);
    else
      nullable(field.shape, path, indent);
    if (!field.required) out_ += ", \"default\": null";
    member("doc", field.description.empty() ? field.title : field.description);
    member("x-personal", field.personal);
    if (name != field.name) member("jsonName", field.name);
    out_ += '}';
  }

  void nullable(const Shape& shape, const std::string& path, std::size_t indent) {
    out_ += "[\"null\", ";
    plain(shape, path, indent);
    out_ += ']';
  }

  void shape(const Shape& shape, const std::string& path, std::size_t indent) {
    if (shape.nullable && shape.kind != Kind::any)
      nullable(shape, path, indent);
    else
      plain(shape, path, indent);
  }

  /// The type without null.
  void plain(const Shape& shape, const std::string& path, std::size_t indent) {
    switch (shape.kind) {
      case Kind::boolean:
        out_ += "\"boolean\"";
        return;
      case Kind::integer:
        out_ += "\"long\"";
        return;
      case Kind::number:
        out_ += "\"double\"";
        return;
      case Kind::text:
        out_ += shape.formats == std::vector<std::string>{"uuid"}
                    ? R"({"type": "string", "logicalType": "uuid"})"
                    : "\"string\"";
        return;
      case Kind::timestamp:
        out_ += R"({"type": "long", "logicalType": "timestamp-millis"})";
        return;
      case Kind::enumeration:
        return enumeration(shape, path);
      case Kind::array:
        out_ += "{\"type\": \"array\", \"items\": ";
        this->shape(*shape.element, path + "Item", indent);
        out_ += '}';
        return;
      case Kind::map:
        return map(*shape.element, path + "Value", indent);
      case Kind::object:
        return record(shape.object, indent);
      case Kind::any:
        return any();
    }
  }

  void map(const Shape& element, const std::string& path, std::size_t indent) {
    out_ += "{\"type\": \"map\", \"values\": ";
    shape(element, path, indent);
    out_ += '}';
  }

  void enumeration(const Shape& shape, const std::string& path) {
    if (!is_avro_enum(shape)) {
      out_ += "\"string\"";
      return;
    }
    out_ += "{\"type\": \"enum\"";
    member("name", names_.give(path));
    member("namespace", nested_);
    out_ += ", \"symbols\": [";
    for (std::size_t i = 0; i < shape.symbols.size(); ++i) {
      if (i != 0) out_ += ", ";
      base::append_json_string(shape.symbols[i], out_);
    }
    out_ += "]}";
  }

  void any() {
    if (any_written_) {
      base::append_json_string(kJsonValue, out_);
      return;
    }
    any_written_ = true;
    // An object is no map here: Apicurio's registry does not come to an end with a type that contains itself
    // through a map's values. In binary both are the same.
    out_ +=
        R"({"type": "record", "name": "Value", "namespace": "user_events.json", "doc": "Any JSON value.", "fields": [)"
        R"({"name": "value", "type": ["null", "boolean", "long", "double", "string", )"
        R"({"type": "array", "items": "user_events.json.Value"}, )"
        R"({"type": "record", "name": "Object", "namespace": "user_events.json", "fields": [{"name": "members", "type": )"
        R"({"type": "array", "items": {"type": "record", "name": "Member", "namespace": "user_events.json", "fields": [)"
        R"({"name": "name", "type": "string"}, {"name": "value", "type": "user_events.json.Value"}]}}}]}]}]})";
  }

  const Model& model_;
  std::string nested_;  // namespace of what is inside the event's record
  Names names_;
  std::set<std::uint32_t> written_;
  bool any_written_ = false;
  std::string out_;
};

}  // namespace

std::string avro_schema(const Model& model) { return Writer(model).run(); }

}  // namespace user_events::schemas
