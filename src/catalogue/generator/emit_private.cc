// The parts of the library's inside that follow from the catalogue.
#include <fmt/format.h>

#include "catalogue/generator/emit.h"

namespace user_events::catalogue::generator {
namespace {

constexpr std::string_view kNotice = "// Generated from the catalogue's schema files; do not edit.\n";

// Names in the catalogue are ASCII letters and digits, so a literal needs no escapes beyond its quotes.
std::string key_of(const Field& field) { return fmt::format("\"\\\"{}\\\":\"", field.json_name); }

std::string emit_text(const Field& field, const std::string& object, const std::string& pointer) {
  return fmt::format("writer.{}({}, \"{}/{}\", {}.{}, {{{}, {}, {}}});\n",
                     field.optional ? "optional_text" : "text", key_of(field), pointer, field.json_name,
                     object, field.cpp_name, field.min, field.max, field.formats);
}

std::string emit_structure(const Model& model, const Field& field) {
  const Structure* structure = nullptr;
  for (const Structure& known : model.structures)
    if (known.name == field.structure) structure = &known;
  const std::string indent = field.optional ? "    " : "  ";
  const std::string object =
      field.optional ? fmt::format("(*event.{})", field.cpp_name) : fmt::format("event.{}", field.cpp_name);
  std::string text = field.optional ? fmt::format("  if (event.{}) {{\n", field.cpp_name) : std::string();
  text += fmt::format("{}writer.open({});\n", indent, key_of(field));
  for (const Field& inner : structure->fields)
    text += indent + emit_text(inner, object, "/" + field.json_name);
  text += indent + "writer.close();\n";
  return field.optional ? text + "  }\n" : text;
}

std::string emit_member(const Model& model, const Field& field) {
  const std::string place =
      fmt::format("{}, \"/{}\", event.{}", key_of(field), field.json_name, field.cpp_name);
  switch (field.kind) {
    case Kind::text:
      return "  " + emit_text(field, "event", "");
    case Kind::time:
      return fmt::format("  writer.time({});\n", place);
    case Kind::changes:
      return fmt::format("  writer.changes({}, {}, {});\n", place, field.min, field.max);
    case Kind::names:
      return fmt::format("  writer.names({}, {});\n", place, field.max);
    case Kind::structure:
      return emit_structure(model, field);
  }
  return {};
}

std::string emit_fill(const Field& field) {
  if (field.kind == Kind::time)
    return fmt::format("  if (!event.{}) writer.fill_time({});\n", field.cpp_name, key_of(field));
  if (field.kind == Kind::names)
    return fmt::format("  if (event.{}.empty()) writer.fill_names({}, event.{});\n", field.cpp_name,
                       key_of(field), field.fill_source);
  return {};
}

std::string emit_one_required(const Event& event) {
  if (event.one_required_cpp.empty()) return {};
  std::string present, names;
  for (std::size_t i = 0; i < event.one_required_cpp.size(); ++i) {
    present += fmt::format("{}event.{}.has_value()", i == 0 ? "" : " || ", event.one_required_cpp[i]);
    names += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", event.one_required_json[i]);
  }
  return fmt::format("  writer.one_required({}, {{{}}});\n", present, names);
}

std::string emit_write_data(const Model& model, const Event& event) {
  std::string text = fmt::format(
      "\nbool write_data(const {}& event, const NormaliseContext& context, std::string& out, "
      "std::vector<FieldError>& findings,\n"
      "                std::string* as_submitted) {{\n  TypedWriter writer(context, out, findings);\n",
      event.structure.name);
  for (const Field& field : event.structure.fields) text += emit_member(model, field);
  text += emit_one_required(event) + "  writer.end_submitted();\n";
  for (const Field& field : event.structure.fields) text += emit_fill(field);
  return text + "  return writer.finish(as_submitted);\n}\n";
}

std::string emit_typed_key(const Event& event) {
  std::string text = fmt::format("\nTypedKey typed_key(const {}& event) noexcept {{\n", event.structure.name);
  for (const KeyMember& key : event.keys) {
    if (!key.optional)
      return text + fmt::format("  return {{event.{}, {}}};\n}}\n", key.cpp_name, key.is_user);
    text += fmt::format("  if (event.{0}) return {{*event.{0}, {1}}};\n", key.cpp_name, key.is_user);
  }
  return text + "  return {};\n}\n";
}

}  // namespace

std::string emit_typed_data_header(const Model& model) {
  std::string text = fmt::format(
      "{}// Event data of the typed events: the rules and the bytes of their schemas, without the way over "
      "JSON text.\n"
      "#pragma once\n\n#include <string>\n#include <string_view>\n#include <vector>\n\n#include "
      "\"catalogue/catalogue.h\"\n"
      "#include \"user_events/events.h\"\n\nnamespace user_events::catalogue {{\n\n"
      "/// What orders an event: the user's id as it is, or an identifier that is to be replaced by its "
      "keyed token. Empty: neither is given.\n"
      "struct TypedKey {{\n  std::string_view value;\n  bool is_user = false;\n}};\n\n"
      "// write_data appends the event's data in its standard form to `out` and, if `as_submitted` is not "
      "null, to it what was given,\n"
      "// without filled-in members. On findings it returns false and leaves both as they were. Pointers "
      "begin in the data.\n"
      "// The bytes equal those of Schema::normalise for the same members in the schema's order. "
      "Thread-safe; no allocation without\n"
      "// findings, except growth of the strings.\n",
      kNotice);
  for (const Event& event : model.events)
    text += fmt::format(
        "\nbool write_data(const {0}& event, const NormaliseContext& context, std::string& out, "
        "std::vector<FieldError>& findings,\n"
        "                std::string* as_submitted = nullptr);\n[[nodiscard]] TypedKey typed_key(const {0}& "
        "event) noexcept;\n",
        event.structure.name);
  return text + "\n}  // namespace user_events::catalogue\n";
}

std::string emit_typed_data_source(const Model& model) {
  std::string text = fmt::format(
      "{}#include \"catalogue/typed_data.h\"\n\n#include \"catalogue/typed_write.h\"\n\nnamespace "
      "user_events::catalogue {{\n",
      kNotice);
  for (const Event& event : model.events) text += emit_write_data(model, event) + emit_typed_key(event);
  return text + "\n}  // namespace user_events::catalogue\n";
}

std::string emit_builtin_schemas(const Model& model) {
  std::string text = fmt::format(
      "{}#include \"catalogue/builtin_schemas.h\"\n\nnamespace user_events::catalogue {{\nnamespace {{\n\n"
      "constexpr BuiltinSchema kSchemas[] = {{\n",
      kNotice);
  for (const SchemaFile& file : model.files)
    text += fmt::format("    {{\"{}\", {}, R\"schema({})schema\"}},\n", file.type, file.version, file.text);
  return text +
         "};\n\n}  // namespace\n\nstd::span<const BuiltinSchema> builtin_schemas() noexcept { return "
         "kSchemas; }\n\n"
         "}  // namespace user_events::catalogue\n";
}

}  // namespace user_events::catalogue::generator
