#include "catalogue/event_type.h"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/try.h"
#include "catalogue/program.h"
#include "catalogue/schema_error.h"

namespace user_events::catalogue {
namespace {

constexpr std::size_t kMaxTypeNameBytes = 128;
constexpr std::size_t kMaxFieldDepth = 64;  // of fields inside fields; references can make any depth of it
constexpr std::size_t kMaxVisits =
    100'000;  // of schemas while fields are classified; references can multiply them

/// Walks all fields, so that none holds text that nobody classified.
class Classifier {
 public:
  Classifier(const SchemaErrors& errors, const Program& program) : errors_(errors), program_(program) {}

  Result<void> run() { return visit(0, "", "", false); }

 private:
  /// What is known of a place in the data. Several schemas can speak of one place; each that always counts
  /// narrows it.
  struct Place {
    TypeMask types = kAnyType;
    bool covered = false;  ///< `additionalProperties` speaks of the members that are not named.
    bool classified = false;
  };

  /// `data` is the pointer into event data, `inherited` the class of what is around; `alternative`: inside a
  /// branch of anyOf, which may not count.
  Result<void> visit(NodeIndex index, const std::string& data, const std::string& inherited,
                     bool alternative) {
    const Node& node = program_.nodes[index];
    if (std::ranges::find(open_, index) != open_.end())
      return errors_.invalid(node.pointer, "an event type's schema may not contain itself");
    if (open_.size() == kMaxFieldDepth)
      return errors_.invalid(node.pointer,
                             "fields are nested more than " + std::to_string(kMaxFieldDepth) + " deep");
    if (++visits_ > kMaxVisits) return errors_.invalid(node.pointer, "the schema has too many fields");
    open_.push_back(index);
    const std::string& klass = node.personal.empty() ? inherited : node.personal;
    Place place = places_[data];
    narrow(node, place);
    if (!alternative) places_[data] = place;
    if ((place.types & kString) != 0) UE_TRY(classify(node, data, klass));
    if (node.additional != kNoNode)
      UE_TRY(visit(node.additional, data + "/*", klass, alternative));
    else if ((place.types & kObject) != 0 && !place.covered)
      UE_TRY(classify(node, data + "/*", klass));
    if (node.items != kNoNode)
      UE_TRY(visit(node.items, data + "/*", klass, alternative));
    else if ((place.types & kArray) != 0)
      UE_TRY(classify(node, data + "/*", klass));
    for (const Property& property : node.properties)
      UE_TRY(visit_member(node, property, data, klass, alternative));
    if (node.reference != kNoNode) UE_TRY(visit(node.reference, data, klass, alternative));
    for (const NodeIndex branch : node.any_of) UE_TRY(visit(branch, data, klass, true));
    open_.pop_back();
    return {};
  }

  void narrow(const Node& node, Place& place) const {
    place.types = static_cast<TypeMask>(place.types & node.types);
    place.covered = place.covered || node.closed || node.additional != kNoNode;
    if (node.reference != kNoNode) narrow(program_.nodes[node.reference], place);
  }

  Result<void> visit_member(const Node& node, const Property& property, const std::string& data,
                            const std::string& klass, bool alternative) {
    if (is_forbidden_name(property.name))
      return errors_.invalid(node.pointer, "a field is named like a secret, and no event carries secrets: `" +
                                               property.name + "`");
    if (property.node == kNoNode) return {};
    std::string pointer = data;
    base::append_pointer_token(property.name, pointer);
    return visit(property.node, pointer, klass, alternative);
  }

  // The first schema that speaks of a place classifies it; schemas beside it (`anyOf`, `$ref`) need not say
  // it again.
  Result<void> classify(const Node& node, const std::string& data, const std::string& klass) {
    Place& place = places_[data];
    if (place.classified) return {};
    if (klass.empty())
      return errors_.invalid(node.pointer,
                             "text can stand at data" + data +
                                 ", but `x-personal` (a class of personal data, or `none`) is not given");
    place.classified = true;
    return {};
  }

  const SchemaErrors& errors_;
  const Program& program_;
  std::vector<NodeIndex> open_;
  std::map<std::string, Place> places_;
  std::size_t visits_ = 0;
};

std::vector<std::string> identifiers_of(const Places& places) {
  std::vector<std::string> names;
  for (const Place::Member& member : places.front().members) {
    const Place& place = places[member.place];
    const auto identifies = [](const std::string& klass) { return klass == "email" || klass == "username"; };
    if (place.takes_text && std::ranges::any_of(place.classes, identifies)) names.push_back(base::member_prefix(member.name));
  }
  return names;
}

bool is_key(const std::vector<KeyField>& keys, std::string_view name) {
  return std::ranges::find(keys, name, &KeyField::name) != keys.end();
}

// Formation must be able to order every valid event: some key is required, or each set of which one is
// required has a key.
bool always_has_key(const Node& root, const std::vector<KeyField>& keys) {
  for (const Property& property : root.properties)
    if (property.required && is_key(keys, property.name)) return true;
  const auto has_key = [&](std::uint64_t set) {
    for (std::size_t i = 0; i < root.properties.size() && i < 64; ++i)
      if ((set >> i & 1U) != 0 && is_key(keys, root.properties[i].name)) return true;
    return false;
  };
  return !root.one_required.empty() && std::ranges::all_of(root.one_required, has_key);
}

Result<void> read_keys(const SchemaErrors& errors, const Program& program, std::vector<KeyField>& keys) {
  const Node& root = program.nodes.front();
  for (const Property& property : root.properties) {
    if (property.node == kNoNode) continue;
    const Node& node = program.nodes[property.node];
    if (node.key.empty()) continue;
    if (node.types != kString || node.min_length == 0)
      return errors.invalid(node.pointer, "a key (`x-key`) is a string with a minLength of at least 1");
    keys.push_back({property.name, node.key == "user"});
  }
  if (!always_has_key(root, keys))
    return errors.invalid("",
                          "no key is always there: mark the user's id with `x-key` and require it, or one of "
                          "several identifiers");
  return {};
}

Result<void> check_field_numbers(const SchemaErrors& errors, const Program& program) {
  for (const Node& node : program.nodes) {
    std::set<std::uint32_t> used;
    for (const Property& property : node.properties) {
      if (property.node == kNoNode) continue;
      const std::uint32_t number = program.nodes[property.node].field_number;
      if (number != 0 && !used.insert(number).second)
        return errors.invalid(program.nodes[property.node].pointer + "/x-field-number",
                              "another field has this number");
    }
  }
  return {};
}

std::string text_member(const simdjson::dom::object& object, std::string_view name) {
  std::string_view text;
  return object.at_key(name).get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

bool is_type_name(std::string_view name) noexcept {
  if (name.size() > kMaxTypeNameBytes || name.find('.') == std::string_view::npos) return false;
  bool first = true;
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z';
    if (first ? !letter : !letter && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.')
      return false;
    first = c == '.';
  }
  return !first;
}

Result<std::unique_ptr<const EventType>> make_event_type(std::string_view file, std::string_view type,
                                                         std::uint32_t version, std::string_view text) {
  const SchemaErrors errors(file);
  if (!is_type_name(type))
    return errors.invalid(
        "",
        "the folder's name is no event type: lower case, two or more segments joined by dots, "
        "such as `user.rated`");
  UE_TRY_ASSIGN(Schema schema, Schema::compile(file, text));
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS)
    return errors.invalid("", "the schema must be an object");

  const Program& program = SchemaAccess::program(schema);
  if (program.nodes.front().types != kObject)
    return errors.invalid("/type", "the root's type must be `object`");
  auto made = std::make_unique<EventType>(
      EventType{std::string(type),
                version,
                text_member(object, "title"),
                text_member(object, "description"),
                text_member(object, "x-since"),
                std::string(text),
                "urn:user-events:schema:" + std::string(type) + ":" + std::to_string(version),
                {},
                nullptr,
                {},
                {},
                {},
                std::move(schema)});
  if (made->title.empty()) return errors.invalid("/title", "a title is required");
  if (const std::string id = text_member(object, "$id"); id != made->data_schema_uri)
    return errors.invalid("/$id", "the `$id` must be `" + made->data_schema_uri + "`");
  UE_TRY(Classifier(errors, program).run());
  UE_TRY_ASSIGN(made->places, find_places(program, errors));
  made->identifiers = identifiers_of(made->places);
  UE_TRY(read_keys(errors, program, made->keys));
  UE_TRY(check_field_numbers(errors, program));
  return made;
}

Result<std::unique_ptr<const EventType>> make_derived_type(const EventType& type, std::string_view variant, std::string_view text) {
  UE_TRY_ASSIGN(Schema schema, Schema::compile(type.data_schema_uri, text));
  auto made = std::make_unique<EventType>(EventType{type.name, type.version, type.title, type.description, type.since, std::string(text),
                                                    type.data_schema_uri, std::string(variant), &type, type.keys, {}, {}, std::move(schema)});
  if (!variant.empty()) made->data_schema_uri.append(1, ':').append(variant);
  return made;
}

}  // namespace user_events::catalogue
