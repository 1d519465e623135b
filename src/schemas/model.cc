#include "schemas/model.h"

#include <algorithm>
#include <bit>
#include <map>

#include "base/json_text.h"
#include "base/try.h"
#include "catalogue/program.h"
#include "schemas/words.h"

namespace user_events::schemas {
namespace {

using namespace catalogue;  // nodes and masks of the compiled form
using simdjson::dom::element;

std::optional<std::uint32_t> given(std::uint32_t value, std::uint32_t unset) {
  return value == unset ? std::nullopt : std::optional(value);
}

/// Whether two places hold the same data, whatever is said about them in words.
class Sameness {
 public:
  explicit Sameness(const Model& model) : model_(model) {}

  bool same(const Object& a, const Object& b) const {
    const auto field = [&](const Field& x, const Field& y) {
      return x.name == y.name && x.required == y.required && x.number == y.number &&
             x.personal == y.personal && same(x.shape, y.shape);
    };
    return std::ranges::equal(a.fields, b.fields, field) && same(a.extra, b.extra) &&
           a.one_required == b.one_required;
  }

 private:
  bool same(const std::shared_ptr<const Shape>& a, const std::shared_ptr<const Shape>& b) const {
    return (a == nullptr) == (b == nullptr) && (a == nullptr || same(*a, *b));
  }
  bool same(const Shape& a, const Shape& b) const {
    return a.kind == b.kind && a.nullable == b.nullable && a.formats == b.formats && a.symbols == b.symbols && a.personal == b.personal &&
           same(a.element, b.element) &&
           (a.kind != Kind::object || a.object == b.object ||
            same(model_.objects[a.object], model_.objects[b.object]));
  }

  const Model& model_;
};

std::string space_of(const EventType& type) { return type.variant.empty() ? "user_events" : "user_events." + type.variant; }

class Builder {
 public:
  Builder(const EventType& type, const element& root)
      : type_(type), root_(root), program_(SchemaAccess::program(type.schema)) {}

  Result<Model> run() {
    model_ = {type_.name,  type_.version,         type_.title, type_.description,
              type_.since, type_.data_schema_uri, space_of(type_), {}};
    const Node& root = program_.nodes.front();
    UE_TRY(object(0, root, root.personal, pascal_case(type_.name)));
    return std::move(model_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(const Node& node, const std::string& what) const {
    return fail(
        ErrorKind::usage, "no-derived-schema",
        type_.name + " version " + std::to_string(type_.version) + ": at \"" + node.pointer + "\": " + what,
        "docs/encodings.md says what a type needs for other forms than JSON");
  }

  // ---- what surely holds for a value ----
  static Kind kind_of(TypeMask mask) noexcept {
    switch (mask & ~kNull) {
      case kBoolean:
        return Kind::boolean;
      case kInteger:
        return Kind::integer;
      case kInteger | kFraction:
        return Kind::number;
      case kString:
        return Kind::text;
      case kArray:
        return Kind::array;
      case kObject:
        return Kind::object;
      default:
        return Kind::any;
    }
  }

  /// Has an `enum` or `const`, or refers to what has.
  [[nodiscard]] bool has_enumeration(const Node& node) const {
    return node.enumeration != nullptr ||
           (node.reference != kNoNode && has_enumeration(program_.nodes[node.reference]));
  }

  // ---- shapes ----
  Result<Shape> shape(NodeIndex index, const Words& words, const std::string& personal,
                      const std::string& path) {
    Shape made;
    if (index == kNoNode) {
      made.nullable = true;
      return made;
    }
    const Node& node = program_.nodes[index];
    const TypeMask mask = possible_types(program_, index);
    made.kind = kind_of(mask);
    made.nullable = (mask & kNull) != 0;
    made.constraints = constraints(node, words);
    const Depth depth(depth_);
    if (depth_ > kMaxModelDepth)
      return refuse(node, "more than " + std::to_string(kMaxModelDepth) + " levels inside each other");
    if (made.kind == Kind::text) {
      text(node, words, made);
    } else if (made.kind == Kind::array) {
      UE_TRY_ASSIGN(made.element, element_of(node.items, personal, path + "Item"));
    } else if (made.kind == Kind::object && node.properties.empty() && !node.closed) {
      made.kind = Kind::map;
      UE_TRY_ASSIGN(made.element, element_of(node.additional, personal, path + "Value"));
    } else if (made.kind == Kind::object) {
      UE_TRY_ASSIGN(made.object, object(index, node, personal, path));
    }
    return made;
  }

  Result<std::shared_ptr<const Shape>> element_of(NodeIndex index, const std::string& around,
                                                  const std::string& path) {
    const std::string_view pointer =
        index == kNoNode ? std::string_view("/none") : program_.nodes[index].pointer;
    const std::string& personal =
        index == kNoNode || program_.nodes[index].personal.empty() ? around : program_.nodes[index].personal;
    UE_TRY_ASSIGN(Shape made, shape(index, Words(root_, {pointer}), personal, path));
    made.personal = personal;
    return std::make_shared<const Shape>(std::move(made));
  }

  void text(const Node& node, const Words& words, Shape& made) const {
    // Formation rewrites a time only where the schema's own node names this one format.
    if (node.formats == kFormatDateTime) made.kind = Kind::timestamp;
    FormatMask formats = node.formats;
    for (const Node* at = &node; formats == 0 && at->reference != kNoNode;) {
      at = &program_.nodes[at->reference];
      formats = at->formats;
    }
    for (const std::string_view name : {"email", "ipv4", "ipv6", "date-time", "date", "uuid", "uri"})
      if ((formats & *format_named(name)) != 0) made.formats.emplace_back(name);
    if (made.kind != Kind::text || !has_enumeration(node)) return;
    made.kind = Kind::enumeration;
    // The compiled rule is sorted; the file's order is in its text.
    for (std::string& symbol : words.allowed_texts())
      if (std::ranges::find(made.symbols, symbol) == made.symbols.end())
        made.symbols.push_back(std::move(symbol));
  }

  static Constraints constraints(const Node& node, const Words& words) {
    Constraints made;
    made.min_length = given(node.min_length, 0);
    made.max_length = given(node.max_length, kUnlimited);
    made.min_items = given(node.min_items, 0);
    made.max_items = given(node.max_items, kUnlimited);
    made.min_members = given(node.min_properties, 0);
    made.max_members = given(node.max_properties, kUnlimited);
    made.unique_items = node.unique_items;
    made.pattern = words.text("pattern");
    made.minimum = words.json("minimum");
    made.exclusive_minimum = words.json("exclusiveMinimum");
    made.maximum = words.json("maximum");
    made.exclusive_maximum = words.json("exclusiveMaximum");
    made.multiple_of = words.json("multipleOf");
    made.values = words.json_items("enum");
    if (std::string constant = words.json("const"); made.values.empty() && !constant.empty())
      made.values.push_back(std::move(constant));
    return made;
  }

  // ---- objects ----
  struct Depth {
    explicit Depth(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Depth() { --depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    std::size_t& depth_;
  };

  Result<std::uint32_t> object(NodeIndex index, const Node& node, const std::string& personal,
                               const std::string& path) {
    const auto known = objects_.find({index, personal});
    if (known != objects_.end()) return known->second;
    if (model_.objects.size() == kMaxModelObjects)
      return refuse(node, "more than " + std::to_string(kMaxModelObjects) + " objects");
    const auto place = static_cast<std::uint32_t>(model_.objects.size());
    model_.objects.emplace_back();  // its place, before those inside it
    const Words words(root_, {node.pointer});
    const std::string wanted = words.text("x-name");
    Object made{.name = {},
                .title = words.text("title"),
                .description = words.text("description"),
                .fields = {},
                .extra = {},
                .one_required = {},
                .pointer = node.pointer};
    for (const Property& property : node.properties) UE_TRY(field(node, property, personal, path, made));
    if (!node.closed) {
      UE_TRY_ASSIGN(made.extra, element_of(node.additional, personal, path + "Value"));
    }
    for (const std::uint64_t set : node.one_required) {
      auto& names = made.one_required.emplace_back();
      for (std::uint64_t rest = set; rest != 0; rest &= rest - 1)
        names.push_back(node.properties[static_cast<std::size_t>(std::countr_zero(rest))].name);
    }
    const std::uint32_t stands =
        keep(std::move(made), place, wanted.empty() ? path : pascal_case(wanted), path);
    objects_[{index, personal}] = stands;
    return stands;
  }

  /// Puts an object in its place, or finds that one of this name and of the same members is there already.
  std::uint32_t keep(Object made, std::uint32_t place, const std::string& name, const std::string& path) {
    const auto other = named_.find(name);
    if (other != named_.end() && Sameness(model_).same(model_.objects[other->second], made)) {
      const std::uint32_t twin = other->second;
      if (model_.objects.size() > place + 1) forget(place);  // what is inside it is inside the other, too
      model_.objects.resize(place);
      return twin;
    }
    std::string unique = name;
    std::uint32_t& next = next_.try_emplace(path, 1).first->second;
    while (named_.contains(unique)) {
      unique = next == 1 ? path : path + std::to_string(next);
      ++next;
    }
    named_[unique] = place;
    made.name = std::move(unique);
    model_.objects[place] = std::move(made);
    return place;
  }

  /// The objects from `place` on: others may have their names.
  void forget(std::uint32_t place) {
    const auto is_gone = [&](const auto& entry) { return entry.second >= place; };
    std::erase_if(objects_, is_gone);
    std::erase_if(named_, is_gone);
    next_.clear();
  }

  Result<void> field(const Node& parent, const Property& property, const std::string& around,
                     const std::string& path, Object& made) {
    if (property.node == kNoNode || program_.nodes[property.node].never) return {};
    const Node& node = program_.nodes[property.node];
    std::string pointer = (parent.taken_from.empty() ? parent.pointer : parent.taken_from) + "/properties";
    base::append_pointer_token(property.name, pointer);
    const Words words(root_, {pointer, node.pointer});
    Field field;
    field.name = property.name;
    field.required = property.required;
    field.number = node.field_number;
    field.personal = node.personal.empty() ? around : node.personal;
    UE_TRY_ASSIGN(field.shape,
                  shape(property.node, words, field.personal, path + pascal_case(property.name)));
    field.title = words.text("title");
    field.description = words.text("description");
    field.since = words.text("x-since");
    field.key = node.key;
    if (property.fill == Fill::acceptance_time) field.filled_with = "acceptance-time";
    if (property.fill == Fill::keys_of) {
      field.filled_with = "keys-of:";
      base::append_pointer_token(parent.properties[property.fill_source].name, field.filled_with);
    }
    field.default_json = words.json("default");
    field.examples = words.json_items("examples");
    field.deprecated = words.flag("deprecated");
    field.pointer = std::move(pointer);
    made.fields.push_back(std::move(field));
    return {};
  }

  const EventType& type_;
  const element& root_;
  const Program& program_;
  Model model_;
  std::map<std::pair<NodeIndex, std::string>, std::uint32_t> objects_;  // by node and class of what is around
  std::map<std::string, std::uint32_t> named_;                         // objects by name
  std::map<std::string, std::uint32_t> next_;                          // number to try first, by path
  std::size_t depth_ = 0;
};

}  // namespace

std::string_view name(Kind kind) noexcept {
  static constexpr std::string_view kNames[] = {"boolean",     "integer", "number", "text",   "timestamp",
                                                "enumeration", "array",   "map",    "object", "any"};
  return kNames[static_cast<std::size_t>(kind)];
}

const Field* Model::find(const Object& object, std::string_view field) noexcept {
  const auto found = std::ranges::find(object.fields, field, &Field::name);
  return found == object.fields.end() ? nullptr : &*found;
}

std::string pascal_case(std::string_view name) {
  std::string pascal;
  bool first = true;
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
    if (!lower && !digit && !(c >= 'A' && c <= 'Z')) {
      first = true;
      continue;
    }
    if (digit && pascal.empty()) pascal += 'X';
    pascal += lower && first ? static_cast<char>(c - 'a' + 'A') : c;
    first = false;
  }
  return pascal.empty() ? "X" : pascal;
}

Result<Model> make_model(const EventType& type) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(type.schema_text).get(root); error != simdjson::SUCCESS)
    return fail(ErrorKind::internal, "no-derived-schema",
                type.name + ": the schema's text is not readable again");
  return Builder(type, root).run();
}

}  // namespace user_events::schemas
