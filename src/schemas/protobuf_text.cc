// Protobuf schema texts.
#include <algorithm>
#include <map>
#include <set>

#include "base/json_text.h"
#include "base/try.h"
#include "schemas/protobuf_types.h"
#include "schemas/texts.h"
#include "schemas/wire_names.h"

namespace user_events::schemas {
namespace {

/// A quoted string in a .proto file.
std::string quoted(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '"' || c == '\\') {
      constexpr std::string_view kOctal = "01234567";
      made += {'\\', kOctal[byte >> 6], kOctal[(byte >> 3) & 7], kOctal[byte & 7]};
    } else {
      made += c;
    }
  }
  return made + '"';
}

void comment(std::string_view text, const std::string& indent, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string line(text.substr(0, end));
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    out.append(indent).append("// ").append(line).append("\n");
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

class Writer {
 public:
  Writer(const Model& model, std::span<const Model> earlier) : model_(model), earlier_(earlier) {
    for (const Object& object : model.objects) names_.take(object.name);
  }

  Result<std::string> run() {
    std::string body;
    UE_TRY(message(model_.root(), "", body));
    std::string text = "// Data of " + model_.type + ", version " + std::to_string(model_.version) + ": " +
                       model_.data_schema_uri +
                       ". Derived from the catalogue.\nsyntax = \"proto3\";\n\npackage " + model_.space + ";\n";
    if (!imports_.empty()) text += '\n';
    for (const std::string& file : imports_) text += "import \"google/protobuf/" + file + "\";\n";
    return text + '\n' + body;
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(const std::string& pointer, const std::string& what) const {
    return fail(
        ErrorKind::usage, "no-derived-schema",
        model_.type + " version " + std::to_string(model_.version) + ": at \"" + pointer + "\": " + what,
        "docs/encodings.md says what a type needs for Protobuf");
  }

  /// The root's message holds all others, so that types of different events do not meet in one package.
  Result<void> message(const Object& object, const std::string& indent, std::string& out) {
    comment(object.description.empty() ? object.title : object.description, indent, out);
    out += indent + "message " + object.name + " {\n";
    const std::string inner = indent + "  ";
    std::string fields;
    UE_TRY(this->fields(object, inner, fields));
    UE_TRY(reserved(object, inner, out));
    if (&object == &model_.root()) {
      for (std::size_t i = 1; i < model_.objects.size(); ++i) {
        UE_TRY(message(model_.objects[i], inner, out));
        out += '\n';
      }
      for (const std::string& wrapper : wrappers_) out += wrapper + '\n';
    }
    out += fields + indent + "}\n";
    return {};
  }

  Result<void> fields(const Object& object, const std::string& indent, std::string& out) {
    const auto names = protobuf_field_names(object);
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      const Field& field = object.fields[i];
      if (field.number == 0) return refuse(field.pointer, "the field has no number (`x-field-number`)");
      if (field.name.find('\0') != std::string::npos) return refuse(field.pointer, "the name holds a zero, which no name of Protobuf's JSON may");
      if (object.extra != nullptr && field.number == kProtobufExtraNumber)
        return refuse(field.pointer,
                      "the number is that of the members without a name, since the object is open");
      comment(field.description.empty() ? field.title : field.description, indent, out);
      if (field.shape.kind == Kind::enumeration) comment(values(field.shape), indent, out);
      const ProtobufKind kind = protobuf_kind(field.shape);
      if (kind == ProtobufKind::map && meets_entry(object, names[i]))
        return refuse(
            field.pointer,
            "an object has the name that protoc gives to this map's entries; give it another `x-name`");
      out += indent;
      // A repeated field cannot say whether it is there, and a Value can be null itself.
      const bool can_lack = !field.required || (field.shape.nullable && kind != ProtobufKind::value);
      if (can_lack && kind != ProtobufKind::array && kind != ProtobufKind::map) out += "optional ";
      out += type(field.shape) + ' ' + names[i] + " = " + std::to_string(field.number);
      if (default_json_name(names[i]) != field.name) out += " [json_name = " + quoted(field.name) + "]";
      out += ";\n";
    }
    if (object.extra == nullptr) return {};
    Shape shape;
    shape.kind = Kind::map;
    shape.element = object.extra;
    out += indent + "// Members that the schema does not name.\n" + indent + type(shape) + ' ' +
           names.back() + " = " + std::to_string(kProtobufExtraNumber) + ";\n";
    return {};
  }

  static std::string pointer_of(const Object& object, std::string_view field) {
    std::string pointer = object.pointer + "/properties";
    base::append_pointer_token(field, pointer);
    return pointer;
  }

  /// protoc makes a message of each map's entries beside the map, which for the root is where nested objects
  /// stand.
  [[nodiscard]] bool meets_entry(const Object& object, const std::string& map_field) const {
    std::string entry = default_json_name(map_field) + "Entry";
    if (entry.front() >= 'a' && entry.front() <= 'z')
      entry.front() = static_cast<char>(entry.front() - 'a' + 'A');
    return &object == &model_.root() && names_.contains(entry);
  }

  static std::string values(const Shape& shape) {
    std::string text = "One of";
    for (const std::string& symbol : shape.symbols)
      text += (&symbol == &shape.symbols.front() ? " " : ", ") + quoted(symbol);
    return text + ".";
  }

  // ---- what older versions had ----
  Result<void> reserved(const Object& object, const std::string& indent, std::string& out) const {
    std::map<std::uint32_t, std::string> now;
    std::set<std::string> names_now, names;
    std::set<std::uint32_t> numbers;
    const auto wire_names = protobuf_field_names(object);
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      now[object.fields[i].number] = object.fields[i].name;
      names_now.insert(wire_names[i]);
    }
    for (const Model& model : earlier_) {
      const auto old = std::ranges::find(model.objects, object.name, &Object::name);
      if (old == model.objects.end()) continue;
      const auto old_names = protobuf_field_names(*old);
      for (std::size_t i = 0; i < old->fields.size(); ++i) {
        const Field& field = old->fields[i];
        const auto same = now.find(field.number);
        if (field.number != 0 && same != now.end() && same->second != field.name)
          return refuse(
              pointer_of(object, same->second),
              "its number was that of `" + field.name + "` in version " + std::to_string(model.version));
        if (field.number != 0 && same == now.end()) numbers.insert(field.number);
        if (!names_now.contains(old_names[i])) names.insert(old_names[i]);
      }
    }
    for (const std::uint32_t number : numbers) out += indent + "reserved " + std::to_string(number) + ";\n";
    for (const std::string& name : names) out += indent + "reserved " + quoted(name) + ";\n";
    if (!numbers.empty() || !names.empty()) out += '\n';
    return {};
  }

  // ---- types ----
  std::string imported(const std::string& file, const std::string& name) {
    imports_.insert(file);
    return "google.protobuf." + name;
  }

  std::string type(const Shape& shape) {
    const ProtobufKind kind = protobuf_kind(shape);
    if (kind == ProtobufKind::array) return "repeated " + element_type(*shape.element);
    if (kind == ProtobufKind::map) return "map<string, " + element_type(*shape.element) + ">";
    return type(kind, shape);
  }

  std::string element_type(const Shape& shape) {
    const ProtobufKind kind = protobuf_element_kind(shape);
    if (kind == ProtobufKind::array)
      return wrapper("List", "repeated " + element_type(*shape.element) + " items");
    if (kind == ProtobufKind::map)
      return wrapper("Map", "map<string, " + element_type(*shape.element) + "> members");
    return type(kind, shape);
  }

  std::string type(ProtobufKind kind, const Shape& shape) {
    switch (kind) {
      case ProtobufKind::boolean:
        return "bool";
      case ProtobufKind::integer:
        return "int64";
      case ProtobufKind::number:
        return "double";
      case ProtobufKind::timestamp:
        return imported("timestamp.proto", "Timestamp");
      case ProtobufKind::object:
        return model_.objects[shape.object].name;
      case ProtobufKind::value:
        return imported("struct.proto", "Value");
      case ProtobufKind::list_value:
        return imported("struct.proto", "ListValue");
      case ProtobufKind::struct_map:
        return imported("struct.proto", "Struct");
      default:
        return "string";
    }
  }

  /// A message around one repeated or map field, named after what it holds: `Int64List`, `StringListMap`.
  std::string wrapper(const std::string& suffix, const std::string& field) {
    const auto known = wrapper_names_.find(field);
    if (known != wrapper_names_.end()) return known->second;
    const std::size_t begin = field.find(suffix == "List" ? ' ' : ',') + (suffix == "List" ? 1 : 2);
    std::string inner = field.substr(begin, field.find_first_of(" >", begin) - begin);
    inner = inner.substr(inner.find_last_of('.') + 1);
    const std::string name = names_.give(pascal_case(inner) + suffix);
    wrapper_names_[field] = name;
    wrappers_.push_back("  message " + name + " {\n    " + field + " = 1;\n  }\n");
    return name;
  }

  const Model& model_;
  std::span<const Model> earlier_;
  std::set<std::string> imports_;
  Names names_;
  std::map<std::string, std::string> wrapper_names_;  // by their field
  std::vector<std::string> wrappers_;
};

}  // namespace

Result<std::string> protobuf_schema(const Model& model, std::span<const Model> earlier) {
  return Writer(model, earlier).run();
}

}  // namespace user_events::schemas
