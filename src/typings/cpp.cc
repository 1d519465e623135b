// C++20: one header, on nlohmann/json.
#include <fmt/format.h>

#include "exports/mark.h"
#include "typings/cpp_parts.h"
#include "typings/typings.h"
#include "typings/plan.h"
#include "typings/words.h"
#include "schemas/wire_names.h"
#include "user_events/version.h"

namespace user_events::typings {
namespace {

using schemas::Field;
using schemas::Kind;
using schemas::Model;
using schemas::Object;
using schemas::Shape;

const Naming& naming() {
  static const Naming made{
      // Behind what the header defines: macros of the C library.
      .reserved_types = {"Attributes", "Data", "Event", "EventParseError", "Json", "Timestamp", "Version", "BUFSIZ",   "DOMAIN", "EOF", "FALSE",
                         "HUGE",       "INFINITY", "NAN", "NULL",          "OVERFLOW", "PLOSS",  "SING",    "TLOSS",    "TRUE",   "UNDERFLOW"},
      .reserved_fields = {"alignas",   "alignof",      "and",        "and_eq",   "asm",       "auto",      "bitand",       "bitor",     "bool",     "break",
                          "case",      "catch",        "char",       "char8_t",  "char16_t",  "char32_t",  "class",        "co_await",  "co_return", "co_yield",
                          "compl",     "concept",      "const",      "const_cast", "consteval", "constexpr", "constinit",   "continue",  "decltype", "default",
                          "delete",    "do",           "double",     "dynamic_cast", "else",   "enum",      "explicit",     "export",    "extern",   "false",
                          "float",     "for",          "friend",     "goto",     "if",        "inline",    "int",          "long",      "mutable",  "namespace",
                          "new",       "noexcept",     "not",        "not_eq",   "nullptr",   "operator",  "or",           "or_eq",     "private",  "protected",
                          "public",    "register",     "reinterpret_cast", "requires", "return", "short",  "signed",       "sizeof",    "static",   "static_assert",
                          "static_cast", "struct",     "switch",     "template", "this",      "thread_local", "throw",     "true",      "try",      "typedef",
                          "typeid",    "typename",     "union",      "unsigned", "using",     "virtual",   "void",         "volatile",  "wchar_t",  "while",
                          "xor",       "xor_eq",       "errno",      "assert",   "i386",      "linux",     "std",          "typeof",    "unix"},
      .field = [](std::string_view name) { return schemas::snake_case(name); }};
  return made;
}

std::string comment(const std::vector<std::string>& notes, std::string_view indent) {
  std::string out;
  for (const std::string& note : notes) {
    const std::size_t last = note.find_last_not_of(' ');  // compilers take a backslash for the end of a line also with blanks behind it
    out += fmt::format("{}/// {}{}\n", indent, note, last != std::string::npos && note[last] == '\\' ? "." : "");
  }
  return out;
}

class Header {
 public:
  explicit Header(std::span<const Model> models) : plan_(models, naming()) {}

  std::string text() const {
    std::string out = fmt::format("// {} `user-events generate cpp`, version {}.\n{}", exports::kMark, UE_VERSION, kCppHead);
    for (const auto& object : plan_.objects()) out += structure(object);
    out += "\n/// The data of any event.\nusing Data = std::variant<";
    for (std::size_t i = 0; i < plan_.events().size(); ++i) out += (i == 0 ? "" : ", ") + plan_.events()[i].data;
    out += ">;\n";
    out += kCppEvent;
    for (const auto& object : plan_.objects()) out += functions(object);
    out += "\ninline Data read_data(const std::string& type, const std::string& schema, const Json& value) {\n";
    for (const auto& event : plan_.events())
      out += fmt::format("  if (schema == {0}::kDataSchema) {{\n    if (type != {0}::kType) throw EventParseError(\"/type\", \"is not that of dataschema\");\n"
                         "    return read_{0}(value, \"/data\");\n  }}\n", event.data);
    return out + "  throw EventParseError(\"/dataschema\", \"is of no known type and version\");\n}\n" + kCppTail;
  }

 private:
  std::string structure(const PlannedObject& planned) const {
    const Object& object = *planned.object;
    const Model& model = *planned.model;
    std::string out = "\n" + comment(notes_of(model, object), "") + fmt::format("struct {} {{\n", planned.name);
    if (object.pointer.empty())
      out += fmt::format("  static constexpr std::string_view kType = {};\n  static constexpr std::uint32_t kVersion = {};\n"
                         "  static constexpr std::string_view kDataSchema = {};\n\n", cpp_literal(model.type), model.version, cpp_literal(model.data_schema_uri));
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      const Field& field = object.fields[i];
      auto words = notes_of(field);
      if (field.shape.kind == Kind::enumeration) words.push_back("One of: " + symbols(field.shape) + ".");
      out += comment(words, "  ") + fmt::format("  {} {} = {{}};\n", member_type(model, field), planned.fields[i]);
    }
    if (object.extra != nullptr) out += fmt::format("  /// Members without a name of their own.\n  std::map<std::string, Json> {} = {{}};\n", planned.fields.back());
    return out + fmt::format("\n  bool operator==(const {}&) const = default;\n}};\n", planned.name);
  }

  static std::string symbols(const Shape& shape) {
    std::string out;
    for (const std::string& symbol : shape.symbols) out += (out.empty() ? "" : ", ") + cpp_literal(symbol);
    return out;
  }

  std::string functions(const PlannedObject& planned) const {
    const Object& object = *planned.object;
    const Model& model = *planned.model;
    std::string read, write, known;
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      const Field& field = object.fields[i];
      const bool may_be_absent = !field.required;
      read += fmt::format("  read_{}(value, {}, path, out.{}, {});\n", may_be_absent ? "optional" : "required", cpp_name(field.name), planned.fields[i],
                          may_be_absent ? bare_reader(model, field.shape, field.shape.nullable) : reader(model, field.shape));
      if (may_be_absent)
        write += fmt::format("  if (value.{0}) out[{1}] = {2};\n", planned.fields[i], cpp_name(field.name), bare_writer(model, field.shape, "*value." + planned.fields[i]));
      else
        write += fmt::format("  out[{}] = {};\n", cpp_name(field.name), writer(model, field.shape, "value." + planned.fields[i]));
      known += (known.empty() ? "" : ", ") + cpp_literal(field.name);
    }
    if (object.extra != nullptr) {
      read += fmt::format("  read_extra(value, {{{}}}, out.{});\n", known, planned.fields.back());
      write += fmt::format("  for (const auto& [name, member] : value.{}) out[name] = member;\n", planned.fields.back());
    }
    std::string sets;
    for (const auto& set : object.one_required) {
      std::string all;
      for (const std::string& name : set) all += fmt::format("{}value.contains({})", all.empty() ? "" : " && ", cpp_name(name));
      sets += fmt::format("{}({})", sets.empty() ? "" : " || ", all);
    }
    if (!sets.empty()) read += fmt::format("  if (!({})) throw EventParseError(path, \"lacks a member\");\n", sets);
    return fmt::format("\ninline {0} read_{0}(const Json& value, const std::string& path) {{\n  expect_object(value, path);\n  {0} out;\n{1}  return out;\n}}\n"
                       "\ninline Json write([[maybe_unused]] const {0}& value) {{\n  Json out = Json::object();\n{2}  return out;\n}}\n", planned.name, read, write);
  }

  std::string member_type(const Model& model, const Field& field) const {
    const std::string type = bare_type_of(model, field.shape);
    return field.required && (!field.shape.nullable || field.shape.kind == Kind::any) ? type : fmt::format("std::optional<{}>", type);
  }

  std::string type_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    const std::string type = bare_type_of(model, shape);
    return shape.nullable && shape.kind != Kind::any ? fmt::format("std::optional<{}>", type) : type;
  }

  std::string bare_type_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    switch (shape.kind) {
      case Kind::boolean: return "bool";
      case Kind::integer: return "std::int64_t";
      case Kind::number: return "double";
      case Kind::text:
      case Kind::enumeration: return "std::string";
      case Kind::timestamp: return "Timestamp";
      case Kind::array: return fmt::format("std::vector<{}>", type_of(model, *shape.element));
      case Kind::map: return fmt::format("std::map<std::string, {}>", type_of(model, *shape.element));
      case Kind::object: return plan_.name_of(model, shape.object);
      case Kind::any: return "Json";
    }
    return "Json";
  }

  /// An expression for a function of a value and its path.
  std::string reader(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    const std::string read = bare_reader(model, shape, false);
    return shape.nullable && shape.kind != Kind::any ? fmt::format("nullable<{}>({})", bare_type_of(model, shape), read) : read;
  }

  /// `may_be_null`: null reads as a member that is absent.
  std::string bare_reader(const Model& model, const Shape& shape, bool may_be_null) const {  // NOLINT(misc-no-recursion)
    if (may_be_null && shape.kind != Kind::any) return fmt::format("nullable<{}>({})", bare_type_of(model, shape), bare_reader(model, shape, false));
    switch (shape.kind) {
      case Kind::boolean: return "as_boolean";
      case Kind::integer: return "as_integer";
      case Kind::number: return "as_number";
      case Kind::text: return "as_text";
      case Kind::timestamp: return "as_timestamp";
      case Kind::enumeration: return shape.symbols.empty() ? "as_text" : fmt::format("one_of({{{}}})", symbols(shape));
      case Kind::array: return fmt::format("array_of<{}>({})", type_of(model, *shape.element), reader(model, *shape.element));
      case Kind::map: return fmt::format("map_of<{}>({})", type_of(model, *shape.element), reader(model, *shape.element));
      case Kind::object: return "read_" + plan_.name_of(model, shape.object);
      case Kind::any: return "as_json";
    }
    return "as_json";
  }

  std::string writer(const Model& model, const Shape& shape, const std::string& value) const {  // NOLINT(misc-no-recursion)
    if (!shape.nullable || shape.kind == Kind::any) return bare_writer(model, shape, value);
    return fmt::format("{0} ? {1} : Json()", value, bare_writer(model, shape, "*" + value));
  }

  std::string bare_writer(const Model& model, const Shape& shape, const std::string& value) const {  // NOLINT(misc-no-recursion)
    switch (shape.kind) {
      case Kind::timestamp: return fmt::format("Json(time_text({}))", value);
      case Kind::object: return fmt::format("write({})", value);
      case Kind::array: return fmt::format("write_array({}, []([[maybe_unused]] const auto& item) {{ return Json({}); }})", value, writer(model, *shape.element, "item"));
      case Kind::map: return fmt::format("write_map({}, []([[maybe_unused]] const auto& item) {{ return Json({}); }})", value, writer(model, *shape.element, "item"));
      default: return fmt::format("Json({})", value);
    }
  }

  Plan plan_;
};

}  // namespace

std::vector<exports::TextFile> cpp(std::span<const Model> models) { return {{"events.h", Header(models).text()}}; }

}  // namespace user_events::typings
