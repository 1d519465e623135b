// TypeScript: one module without dependencies.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "exports/mark.h"
#include "typings/typings.h"
#include "typings/plan.h"
#include "typings/typescript_parts.h"
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
      .reserved_types = {"Array",      "CloudEvent", "Date",     "Error",      "EventAttributes", "EventOf",  "EventParseError", "EventType", "Extract", "Fillable", "JSON", "PropertyKey", "ReadonlyMap",
                         "JsonValue",  "Map",        "NewEvent", "NewEventOf", "Number",          "Object",   "Omit",            "Partial",   "Pick",     "Readonly",
                         "ReadonlyArray", "Record",  "Required", "Shape",      "String",          "UserEvent"},
      .reserved_fields = {},
      .field = [](std::string_view name) { return std::string(name); }};
  return made;
}

std::string comment(const std::vector<std::string>& notes, std::string_view indent) {
  if (notes.empty()) return {};
  std::string out = fmt::format("{}/**", indent);
  for (const std::string& note : notes) out += fmt::format("\n{} * {}", indent, replaced(note, "*/", "*\\/"));
  return out + fmt::format("\n{} */\n", indent);
}

std::string member_name(const std::string& name) { return schemas::is_identifier(name) ? name : literal(name); }

class Module {
 public:
  explicit Module(std::span<const Model> models) : plan_(models, naming()) {}

  std::string text() const {
    std::string out = fmt::format("// {} `user-events generate typescript`, version {}.\n{}", exports::kMark, UE_VERSION, kTypeScriptHead);
    for (const auto& object : plan_.objects()) out += data_type(object);
    for (const auto& event : plan_.events())
      out += fmt::format("\nexport type {} = CloudEvent<{}, {}, {}>;\n", event.event, literal(event.model->type), literal(event.model->data_schema_uri), event.data);
    out += "\n/** Any event of the catalogue: `type` tells which, and with several versions of a type `dataschema`. */\nexport type UserEvent =";
    for (const auto& event : plan_.events()) out += "\n  | " + event.event;
    out += ";\n";
    out += kTypeScriptEvents;
    out += new_events();
    for (const auto& object : plan_.objects()) out += shape_constant(object);
    out += "\nconst schemas: ReadonlyMap<string, readonly [type: string, shape: Shape]> = new Map<string, readonly [string, Shape]>([\n";
    for (const auto& event : plan_.events())
      out += fmt::format("  [{}, [{}, shapeOf{}]],\n", literal(event.model->data_schema_uri), literal(event.model->type), event.data);
    return out + "]);\n" + kTypeScriptParsing;
  }

 private:
  std::string data_type(const PlannedObject& planned) const {
    const Object& object = *planned.object;
    const auto notes = notes_of(*planned.model, object);
    std::string fields;
    for (const Field& field : object.fields)
      fields += comment(notes_of(field), "  ") +
                fmt::format("  readonly {}{}: {};\n", member_name(field.name), field.required ? "" : "?", type_of(*planned.model, field.shape));
    if (object.extra != nullptr)
      fields += fmt::format("  readonly [name: string]: {};\n", object.fields.empty() ? type_of(*planned.model, *object.extra) : "unknown");
    if (object.one_required.empty()) return fmt::format("\n{}export interface {} {{\n{}}}\n", comment(notes, ""), planned.name, fields);
    std::string sets;
    for (const auto& set : object.one_required) {
      std::string names;
      for (const std::string& name : set) names += (names.empty() ? "" : " | ") + literal(name);
      sets += fmt::format("{}Required<Pick<{}_Fields, {}>>", sets.empty() ? "" : " | ", planned.name, names);
    }
    return fmt::format("\ninterface {0}_Fields {{\n{1}}}\n\n{2}export type {0} = {0}_Fields & ({3});\n", planned.name, fields, comment(notes, ""), sets);
  }

  std::string type_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    const std::string type = bare_type_of(model, shape);
    return shape.nullable && shape.kind != Kind::any ? type + " | null" : type;
  }

  std::string bare_type_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    switch (shape.kind) {
      case Kind::boolean: return "boolean";
      case Kind::integer:
      case Kind::number: return "number";
      case Kind::text:
      case Kind::timestamp: return "string";
      case Kind::enumeration: {
        std::string out;
        for (const std::string& symbol : shape.symbols) out += (out.empty() ? "" : " | ") + literal(symbol);
        return out.empty() ? "string" : out;
      }
      case Kind::array: return fmt::format("ReadonlyArray<{}>", type_of(model, *shape.element));
      case Kind::map: return fmt::format("Readonly<Record<string, {}>>", type_of(model, *shape.element));
      case Kind::object: return plan_.name_of(model, shape.object);
      case Kind::any: return "JsonValue";
    }
    return "JsonValue";
  }

  std::string shape_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    if (shape.kind == Kind::object && !shape.nullable) return "shapeOf" + plan_.name_of(model, shape.object);
    std::string more;
    if (shape.kind == Kind::enumeration && !shape.symbols.empty()) {
      for (const std::string& symbol : shape.symbols) more += (more.empty() ? ", symbols: [" : ", ") + literal(symbol);
      more += "]";
    }
    if (shape.kind == Kind::array || shape.kind == Kind::map) more = ", element: " + shape_of(model, *shape.element);
    if (shape.kind == Kind::object) return fmt::format("{{ ...shapeOf{}, nullable: true }}", plan_.name_of(model, shape.object));
    const std::string_view kind = shape.kind == Kind::timestamp || shape.kind == Kind::enumeration ? "text" : schemas::name(shape.kind);
    return fmt::format("{{ kind: \"{}\"{}{} }}", kind, more, shape.nullable ? ", nullable: true" : "");
  }

  std::string shape_constant(const PlannedObject& planned) const {
    const Object& object = *planned.object;
    std::string out = fmt::format("\nconst shapeOf{}: Shape = {{\n  kind: \"object\",\n  members: new Map<string, readonly [Shape, boolean]>([\n", planned.name);
    for (const Field& field : object.fields)
      out += fmt::format("    [{}, [{}, {}]],\n", literal(field.name), shape_of(*planned.model, field.shape), field.required);
    out += "  ]),\n";
    if (!object.one_required.empty()) {
      out += "  oneRequired: [";
      for (const auto& set : object.one_required) {
        out += "[";
        for (const std::string& name : set) out += literal(name) + ",";
        out += "], ";
      }
      out += "],\n";
    }
    return out + "};\n";
  }

  std::string new_events() const {
    std::string out = "\n/** Any event as `POST /v1/events` takes it: what user-events fills in may be left out. */\nexport type NewEvent =";
    for (const auto& event : plan_.events()) {
      std::string filled;
      for (const Field& field : event.model->root().fields)
        if (field.required && !field.filled_with.empty()) filled += (filled.empty() ? "" : " | ") + literal(field.name);
      out += fmt::format("\n  | NewEventOf<{}, {}, {}>", literal(event.model->type), event.model->version,
                         filled.empty() ? event.data : fmt::format("Fillable<{}, {}>", event.data, filled));
    }
    return out + ";\n";
  }

  Plan plan_;
};

}  // namespace

std::vector<exports::TextFile> typescript(std::span<const Model> models) { return {{"events.ts", Module(models).text()}}; }

}  // namespace user_events::typings
