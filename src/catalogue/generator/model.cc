#include "catalogue/generator/model.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/try.h"
#include "catalogue/event_type.h"
#include "catalogue/program.h"

namespace user_events::catalogue::generator {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

// `ipAddress` → `ip_address`, `UserLoggedIn` → `user_logged_in`.
std::string snake_case(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !snake.empty()) snake += '_';
    snake += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

std::string text_at(const element& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

class Reader {
 public:
  Reader(const SchemaFile& file, const EventType& type, Model& model)
      : file_(file), type_(type), program_(SchemaAccess::program(type.schema)), model_(model) {}

  Result<Event> read() {
    simdjson::dom::parser parser;
    const element root = parser.parse(file_.text).value_unsafe();  // it has been compiled before
    Event event;
    event.type = type_.name;
    event.version = type_.version;
    UE_TRY_ASSIGN(event.structure, structure(program_.nodes.front(), root));
    event.snake_name = snake_case(event.structure.name);
    for (const KeyField& key : type_.keys) {
      const Field& field = *std::ranges::find(event.structure.fields, key.name, &Field::json_name);
      event.keys.push_back({field.cpp_name, key.is_user, field.optional});
    }
    for (const std::uint64_t set : program_.nodes.front().one_required) {
      if (!std::has_single_bit(set))
        return refuse(program_.nodes.front(), "sets of several members have no typed form");
      const Field& field = event.structure.fields[static_cast<std::size_t>(std::countr_zero(set))];
      event.one_required_json.push_back(field.json_name);
      event.one_required_cpp.push_back(field.cpp_name);
    }
    return event;
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(const Node& node, const std::string& what) const {
    return fail(ErrorKind::usage, "no-typed-form", file_.path + ": at \"" + node.pointer + "\": " + what);
  }

  Result<Structure> structure(const Node& node, const element& schema) {
    Structure made{text_at(schema, "x-name"), text_at(schema, "description"), {}};
    if (made.name.empty()) return refuse(node, "the C++ type has no name (`x-name`)");
    if (!node.closed || !node.any_of.empty() || node.reference != kNoNode)
      return refuse(node, "only closed objects without `$ref` and general `anyOf` have a typed form");
    if (made.description.empty()) return refuse(node, "there is no description");
    for (const Property& property : node.properties) {
      if (property.node == kNoNode) return refuse(node, "a member is required but not described");
      UE_TRY_ASSIGN(Field field,
                    this->field(node, property, schema["properties"][property.name].value_unsafe()));
      made.fields.push_back(std::move(field));
    }
    return made;
  }

  Result<Field> field(const Node& parent, const Property& property, const element& schema) {
    const Node& node = program_.nodes[property.node];
    Field field;
    field.json_name = property.name;
    field.cpp_name = snake_case(property.name);
    field.description = text_at(schema, "description");
    field.optional = !property.required;
    if (field.description.empty()) return refuse(node, "there is no description");
    if (node.field_number == 0) return refuse(node, "there is no `x-field-number`");
    if (node.pattern || node.number || node.enumeration || !node.any_of.empty() || node.reference != kNoNode)
      return refuse(node, "pattern, ranges, enum, `$ref` and general `anyOf` have no typed form");
    if (node.types == kString && property.fill == Fill::acceptance_time) {
      field.kind = Kind::time;
    } else if (node.types == kString && (node.formats & kFormatDateTime) == 0) {
      field.kind = Kind::text;
      field.min = node.min_length;
      field.max = node.max_length;
      field.formats = node.formats;
    } else if (node.types == kObject && !node.closed && node.additional == kNoNode &&
               node.properties.empty() && !field.optional) {
      field.kind = Kind::changes;
      field.min = node.min_properties;
      field.max = node.max_properties;
    } else if (is_names(node) && property.fill == Fill::keys_of) {
      field.kind = Kind::names;
      field.max = node.max_items;
      field.fill_source = snake_case(parent.properties[property.fill_source].name);
    } else if (node.types == kObject) {
      UE_TRY(shared_structure(node, schema, field));
    } else {
      return refuse(node, "there is no typed form of this field");
    }
    return field;
  }

  bool is_names(const Node& node) const {
    if (node.types != kArray || node.items == kNoNode || node.unique_items || node.min_items != 0)
      return false;
    const Node& item = program_.nodes[node.items];
    return item.types == kString && item.min_length == 0 && item.max_length == kUnlimited &&
           item.formats == 0 && !item.pattern && !item.enumeration;
  }

  // Nested objects of the same name are one C++ type, so they must be the same.
  Result<void> shared_structure(const Node& node, const element& schema, Field& field) {
    UE_TRY_ASSIGN(Structure made, structure(node, schema));
    if (node.has_fills || node.min_properties != 0 || node.max_properties != kUnlimited ||
        !node.one_required.empty() ||
        std::ranges::any_of(made.fields, [](const Field& inner) { return inner.kind != Kind::text; }))
      return refuse(node, "a nested object of other fields than texts has no typed form");
    field.kind = Kind::structure;
    field.structure = made.name;
    const auto known = std::ranges::find(model_.structures, made.name, &Structure::name);
    if (known == model_.structures.end()) {
      model_.structures.push_back(std::move(made));
      return {};
    }
    const auto same = [](const Field& a, const Field& b) {
      return a.json_name == b.json_name && a.optional == b.optional && a.min == b.min && a.max == b.max &&
             a.formats == b.formats;
    };
    if (!std::ranges::equal(known->fields, made.fields, same))
      return refuse(node, "two objects named " + made.name + " are not the same");
    return {};
  }

  const SchemaFile& file_;
  const EventType& type_;
  const Program& program_;
  Model& model_;
};

Result<std::vector<SchemaFile>> read_files(const std::string& directory) {
  std::vector<SchemaFile> files;
  for (const auto& folder : fs::directory_iterator(directory)) {
    if (!folder.is_directory()) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() != ".json") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files.push_back({folder.path().filename().string(), entry.path().string(), text.str(),
                       static_cast<std::uint32_t>(std::stoul(entry.path().stem().string()))});
    }
  }
  std::ranges::sort(files, {}, [](const SchemaFile& file) { return std::pair(file.type, file.version); });
  return files;
}

}  // namespace

Result<Model> read_model(const std::string& directory) {
  Model model;
  UE_TRY_ASSIGN(model.files, read_files(directory));
  for (std::size_t i = 0; i < model.files.size(); ++i) {
    const SchemaFile& file = model.files[i];
    UE_TRY_ASSIGN(const auto type, make_event_type(file.path, file.type, file.version, file.text));
    if (i + 1 < model.files.size() && model.files[i + 1].type == file.type)
      continue;  // a newer version follows
    UE_TRY_ASSIGN(Event event, Reader(file, *type, model).read());
    model.events.push_back(std::move(event));
  }
  return model;
}

}  // namespace user_events::catalogue::generator
