// Python: a typed package of dataclasses, without dependencies.
#include <fmt/format.h>

#include "exports/mark.h"
#include "typings/typings.h"
#include "typings/plan.h"
#include "typings/python_parts.h"
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
      .reserved_types = {"Any",       "Callable",        "CloudEvent", "False",     "Generic", "JsonValue", "Literal", "Mapping", "None", "Sequence",
                         "EventData", "EventParseError", "True",       "TypeAlias", "TypeVar", "Union", "ValueError",   "UserEvent"},
      .reserved_fields = {"and",    "as",     "assert", "async",  "await", "break", "class",  "continue", "def",   "del",  "elif", "else",    "except",
                          "finally", "for",    "from",   "global", "if",    "import", "in",    "is",       "lambda", "nonlocal", "not", "or",  "pass",
                          "raise",  "return", "try",    "while",  "with",  "yield", "self",   "cls",      "to_json", "from_json", "field", "str", "int", "float",
                          "bool",   "classmethod", "list",   "dict",   "tuple",  "type",  "datetime"},
      .field = [](std::string_view name) { return schemas::snake_case(name); }};
  return made;
}

std::string docstring(const std::vector<std::string>& notes, std::string_view indent) {
  std::string out = fmt::format("{}\"\"\"", indent);
  for (std::size_t i = 0; i < notes.size(); ++i)
    out += (i == 0 ? "" : fmt::format("\n\n{}", indent)) + replaced(replaced(notes[i], "\\", "\\\\"), "\"", "'");
  return out + "\"\"\"\n";
}

class Package {
 public:
  explicit Package(std::span<const Model> models) : plan_(models, naming()) {}

  std::string text() const {
    std::string out = fmt::format("# {} `user-events generate python`, version {}.\n{}", exports::kMark, UE_VERSION, kPythonHead);
    for (const auto& object : plan_.objects()) out += data_class(object);
    for (const auto& event : plan_.events()) out += event_class(event);
    out += "\n\nUserEvent: TypeAlias = Union[\n";
    for (const auto& event : plan_.events()) out += fmt::format("    {},\n", event.event);
    out += "]\n\"\"\"Any event of the catalogue: `type` tells which, and with several versions of a type `dataschema`.\"\"\"\n\nEventData: TypeAlias = Union[\n";
    for (const auto& event : plan_.events()) out += fmt::format("    {},\n", event.data);
    out += "]\n\n_EVENTS: dict[str, tuple[str, Callable[[dict[str, Any]], UserEvent]]] = {\n";
    for (const auto& event : plan_.events())
      out += fmt::format("    {}: ({}, {}._from_json),\n", literal(event.model->data_schema_uri), literal(event.model->type), event.event);
    out += "}\n\n_VERSIONS: dict[type, tuple[str, int]] = {\n";
    for (const auto& event : plan_.events()) out += fmt::format("    {}: ({}, {}),\n", event.data, literal(event.model->type), event.model->version);
    return out + "}\n" + kPythonParsing;
  }

  std::string init() const {
    std::vector<std::string> names = {"CloudEvent", "EventData", "EventParseError", "JsonValue", "UserEvent", "new_event", "parse_event"};
    for (const auto& object : plan_.objects()) names.push_back(object.name);
    for (const auto& event : plan_.events()) names.push_back(event.event);
    std::string imports, all;
    for (const std::string& name : names) {
      imports += fmt::format("    {},\n", name);
      all += fmt::format("    {},\n", literal(name));
    }
    return fmt::format("# {}\n\"\"\"Events of user-events, typed.\"\"\"\n\nfrom .events import (\n{})\n\n__all__ = [\n{}]\n", exports::kMark, imports, all);
  }

 private:
  std::string data_class(const PlannedObject& planned) const {
    const Object& object = *planned.object;
    const Model& model = *planned.model;
    std::string out = fmt::format("\n\n@dataclass(frozen=True, slots=True, kw_only=True)\nclass {}:\n", planned.name);
    out += docstring(notes_of(model, object), "    ") + "\n";
    std::string read, write;
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      const Field& field = object.fields[i];
      const std::string& name = planned.fields[i];
      const std::string type = type_of(model, field.shape);
      out += field.required ? fmt::format("    {}: {}\n", name, type)
                            : fmt::format("    {}: {} = None\n", name, field.shape.nullable ? type : type + " | None");
      if (const auto words = notes_of(field); !words.empty()) out += docstring(words, "    ");
      read += fmt::format("            {}={}(value, {}, path, {}),\n", name, field.required ? "_required" : "_optional", literal(field.name),
                          reader(model, field.shape));
      const std::string written = writer(model, field.shape, "self." + name);
      write += field.required ? fmt::format("        out[{}] = {}\n", literal(field.name), written)
                              : fmt::format("        if self.{} is not None:\n            out[{}] = {}\n", name, literal(field.name), written);
    }
    if (object.extra != nullptr) {
      const std::string& extra = planned.fields.back();
      out += fmt::format("    {}: Mapping[str, JsonValue] = _field(default_factory=dict)\n    \"\"\"Members without a name of their own.\"\"\"\n", extra);
      read += fmt::format("            {}=_extra(value, {}),\n", extra, known_names(object));
      write += fmt::format("        out.update(self.{})\n", extra);
    }
    if (!object.fields.empty() || object.extra != nullptr) out += "\n";
    out += fmt::format("    @classmethod\n    def _from_json(cls, value: Any, path: str) -> {}:\n        _object(value, path)\n", planned.name);
    if (!object.one_required.empty()) out += check_one_required(object);
    out += fmt::format("        return cls(\n{}        )\n", read);
    return out + fmt::format("\n    def to_json(self) -> dict[str, Any]:\n        \"\"\"As it stands in an event's JSON.\"\"\"\n        out: dict[str, Any] = {{}}\n{}        return out\n", write);
  }

  static std::string known_names(const Object& object) {
    std::string out = "(";
    for (const Field& field : object.fields) out += literal(field.name) + ", ";
    return out + ")";
  }

  static std::string check_one_required(const Object& object) {
    std::string sets;
    for (const auto& set : object.one_required) {
      std::string names = "(";
      for (const std::string& name : set) names += literal(name) + ", ";
      sets += names + "), ";
    }
    return fmt::format("        if not any(all(name in value for name in names) for names in ({})):\n            raise EventParseError(path, \"lacks a member\")\n", sets);
  }

  std::string event_class(const PlannedEvent& event) const {
    const std::string type = literal(event.model->type), schema = literal(event.model->data_schema_uri);
    return fmt::format(
        "\n\n@dataclass(frozen=True, slots=True, kw_only=True)\nclass {0}(CloudEvent):\n{5}\n    type: Literal[{1}] = {1}\n    dataschema: Literal[{2}] = {2}\n"
        "    data: {3}\n\n    @classmethod\n    def _from_json(cls, value: dict[str, Any]) -> {0}:\n        return cls(data={3}._from_json(value[\"data\"], \"/data\"), "
        "{4})\n\n    def to_json(self) -> dict[str, Any]:\n        \"\"\"CloudEvents JSON, structured mode.\"\"\"\n"
        "        return self._attributes_to_json(self.type, self.dataschema, self.data.to_json())\n",
        event.event, type, schema, event.data, "**_attributes(value)",
        docstring({one_line(event.model->title.empty() ? event.model->type : event.model->title) + "."}, "    "));
  }

  std::string type_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    const std::string type = bare_type_of(model, shape);
    return shape.nullable && shape.kind != Kind::any ? type + " | None" : type;
  }

  std::string bare_type_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    switch (shape.kind) {
      case Kind::boolean: return "bool";
      case Kind::integer: return "int";
      case Kind::number: return "float";
      case Kind::text: return "str";
      case Kind::timestamp: return "datetime";
      case Kind::enumeration: return shape.symbols.empty() ? "str" : fmt::format("Literal[{}]", symbols(shape));
      case Kind::array: return fmt::format("Sequence[{}]", type_of(model, *shape.element));
      case Kind::map: return fmt::format("Mapping[str, {}]", type_of(model, *shape.element));
      case Kind::object: return plan_.name_of(model, shape.object);
      case Kind::any: return "JsonValue";
    }
    return "JsonValue";
  }

  static std::string symbols(const Shape& shape) {
    std::string out;
    for (const std::string& symbol : shape.symbols) out += (out.empty() ? "" : ", ") + literal(symbol);
    return out;
  }

  /// An expression for a function of a value and its path.
  std::string reader(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    const std::string read = bare_reader(model, shape);
    return shape.nullable && shape.kind != Kind::any ? fmt::format("_nullable({})", read) : read;
  }

  std::string bare_reader(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion)
    switch (shape.kind) {
      case Kind::boolean: return "_boolean";
      case Kind::integer: return "_integer";
      case Kind::number: return "_number";
      case Kind::text: return "_text";
      case Kind::timestamp: return "_timestamp";
      case Kind::enumeration:
        return shape.symbols.empty() ? "_text" : fmt::format("_one_of({})", symbols(shape));
      case Kind::array: return fmt::format("_array({})", reader(model, *shape.element));
      case Kind::map: return fmt::format("_map({})", reader(model, *shape.element));
      case Kind::object: return plan_.name_of(model, shape.object) + "._from_json";
      case Kind::any: return "_any";
    }
    return "_any";
  }

  std::string writer(const Model& model, const Shape& shape, const std::string& value) const {  // NOLINT(misc-no-recursion)
    std::string out = value;
    if (shape.kind == Kind::timestamp) out = fmt::format("_time_text({})", value);
    if (shape.kind == Kind::object) out = value + ".to_json()";
    if (shape.kind == Kind::array) out = fmt::format("[{} for item in {}]", writer(model, *shape.element, "item"), value);
    if (shape.kind == Kind::map) out = fmt::format("{{name: {} for name, item in {}.items()}}", writer(model, *shape.element, "item"), value);
    if (out == value || !shape.nullable) return out;
    return fmt::format("(None if {} is None else {})", value, out);
  }

  Plan plan_;
};

}  // namespace

std::vector<exports::TextFile> python(std::span<const Model> models) {
  const Package package(models);
  return {{"__init__.py", package.init()}, {"events.py", package.text()}, {"py.typed", ""}};
}

}  // namespace user_events::typings
