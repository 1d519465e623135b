#include "compatibility/avro_schema.h"

#include <algorithm>
#include <set>

#include "base/try.h"
#include "catalogue/dom.h"

namespace user_events::compatibility {
namespace {

using catalogue::array_in;
using catalogue::object_in;
using catalogue::text_in;
using simdjson::dom::element;

constexpr std::size_t kMaxTypes = 100'000;

struct KindName {
  std::string_view name;
  AvroKind kind;
};
constexpr KindName kKinds[] = {
    {"null", AvroKind::null_type},   {"boolean", AvroKind::boolean_type},
    {"int", AvroKind::int_type},     {"long", AvroKind::long_type},
    {"float", AvroKind::float_type}, {"double", AvroKind::double_type},
    {"bytes", AvroKind::bytes_type}, {"string", AvroKind::string_type},
    {"record", AvroKind::record},    {"error", AvroKind::record},
    {"enum", AvroKind::enumeration}, {"fixed", AvroKind::fixed},
    {"array", AvroKind::array},      {"map", AvroKind::map},
    {"union", AvroKind::union_type},
};

bool is_primitive(AvroKind kind) noexcept { return kind <= AvroKind::string_type; }
bool is_named(AvroKind kind) noexcept {
  return kind == AvroKind::record || kind == AvroKind::enumeration || kind == AvroKind::fixed;
}

bool is_name(std::string_view name) noexcept {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto rest = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name.front()) && std::ranges::all_of(name, rest);
}
bool is_full_name(std::string_view name) noexcept {
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_name(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string_view avro_name(AvroKind kind) noexcept {
  return std::ranges::find(kKinds, kind, &KindName::kind)->name;
}

std::string_view unqualified(std::string_view name) noexcept { return name.substr(name.rfind('.') + 1); }

class AvroParser {
 public:
  explicit AvroParser(AvroSchema& schema) : schema_(schema) {}

  Result<void> run(const element& root) {
    UE_TRY_ASSIGN(schema_.root_, parse(root, "", ""));
    for (const Default& each : defaults_)
      if (!fits(each.value, *each.type, true))
        return refuse(schema_.name_, each.pointer, "the default is no value of the field's type");
    return {};
  }

 private:
  struct Default {  // checked at the end, when every named type is known
    element value;
    const AvroType* type;
    std::string pointer;
  };

  [[nodiscard]] std::unexpected<Error> invalid(const std::string& pointer, const std::string& what) const {
    return refuse(schema_.name_, pointer, what);
  }

  Result<AvroType*> make(AvroKind kind, const std::string& pointer) {
    if (schema_.types_.size() >= kMaxTypes)
      return invalid(pointer, "more than " + std::to_string(kMaxTypes) + " types");
    schema_.types_.push_back(std::make_unique<AvroType>());
    schema_.types_.back()->kind = kind;
    schema_.types_.back()->pointer = pointer;
    return schema_.types_.back().get();
  }

  Result<const AvroType*> parse(const element& value, const std::string& pointer, const std::string& space) {
    if (value.is_string()) return named(text_in(value), pointer, space);
    if (value.is_array()) return parse_union(value, pointer, space);
    if (!value.is_object()) return invalid(pointer, "a type's name, an object or a union is expected");
    element type;
    if (object_in(value).at_key("type").get(type) != simdjson::SUCCESS)
      return invalid(pointer, "`type` is missing");
    if (!type.is_string()) return parse(type, join(pointer, "type"), space);  // {"type": {"type": …}}
    const auto kind = std::ranges::find(kKinds, text_in(type), &KindName::name);
    if (kind == std::end(kKinds) || kind->kind == AvroKind::union_type)
      return named(text_in(type), join(pointer, "type"), space);
    UE_TRY_ASSIGN(AvroType * made, make(kind->kind, pointer));
    made->logical = logical_of(value);
    if (is_named(kind->kind)) UE_TRY(parse_named(value, pointer, space, *made));
    if (kind->kind == AvroKind::array || kind->kind == AvroKind::map) {
      const std::string_view inner = kind->kind == AvroKind::array ? "items" : "values";
      element element_type;
      if (object_in(value).at_key(inner).get(element_type) != simdjson::SUCCESS)
        return invalid(pointer, "`" + std::string(inner) + "` is missing");
      UE_TRY_ASSIGN(const AvroType* branch, parse(element_type, join(pointer, inner), space));
      made->branches.push_back(branch);
    }
    return made;
  }

  static std::string logical_of(const element& value) {
    std::string_view word;
    if (value["logicalType"].get(word) != simdjson::SUCCESS) return "";
    if (word != "decimal") return std::string(word);
    std::int64_t precision = 0, scale = 0;
    if (value["precision"].get(precision) != simdjson::SUCCESS) precision = 0;
    if (value["scale"].get(scale) != simdjson::SUCCESS) scale = 0;
    return "decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
  }

  Result<const AvroType*> named(std::string_view name, const std::string& pointer, const std::string& space) {
    const auto kind = std::ranges::find(kKinds, name, &KindName::name);
    if (kind != std::end(kKinds) && is_primitive(kind->kind)) return make(kind->kind, pointer);
    const std::string local = name.find('.') != std::string_view::npos || space.empty()
                                  ? std::string(name)
                                  : space + "." + std::string(name);
    if (const auto found = names_.find(local); found != names_.end()) return found->second;
    if (const auto found = names_.find(std::string(name)); found != names_.end()) return found->second;
    return invalid(pointer, "no type of this name is defined before");
  }

  Result<const AvroType*> parse_union(const element& value, const std::string& pointer,
                                      const std::string& space) {
    UE_TRY_ASSIGN(AvroType * made, make(AvroKind::union_type, pointer));
    std::set<std::string> seen;
    std::size_t i = 0;
    for (const auto branch : array_in(value)) {
      const std::string at = join(pointer, std::to_string(i++));
      UE_TRY_ASSIGN(const AvroType* type, parse(branch, at, space));
      if (type->kind == AvroKind::union_type) return invalid(at, "a union stands directly in a union");
      if (!seen.insert(is_named(type->kind) ? type->name : std::string(avro_name(type->kind))).second)
        return invalid(at, "the union has this type twice");
      made->branches.push_back(type);
    }
    if (made->branches.empty()) return invalid(pointer, "a union needs a branch");
    return made;
  }

  Result<std::vector<std::string>> texts(const element& value, std::string_view member,
                                         const std::string& pointer) const {
    std::vector<std::string> all;
    element list;
    if (object_in(value).at_key(member).get(list) != simdjson::SUCCESS) return all;
    if (!list.is_array()) return invalid(join(pointer, member), "an array of names is expected");
    for (const auto item : array_in(list)) {
      if (!item.is_string() || !is_full_name(text_in(item)))
        return invalid(join(pointer, member), "a name has letters, digits and `_` and begins with no digit");
      all.emplace_back(text_in(item));
    }
    return all;
  }

  Result<void> parse_named(const element& value, const std::string& pointer, const std::string& outer,
                           AvroType& made) {
    std::string_view name, given_space;
    if (value["name"].get(name) != simdjson::SUCCESS || !is_full_name(name))
      return invalid(join(pointer, "name"), "a name of letters, digits and `_` is missing");
    std::string space = outer;
    if (value["namespace"].get(given_space) == simdjson::SUCCESS) space = given_space;
    if (name.find('.') != std::string_view::npos) space = name.substr(0, name.rfind('.'));
    if (!space.empty() && !is_full_name(space))
      return invalid(join(pointer, "namespace"), "a namespace has names joined by dots");
    made.name = space.empty() ? std::string(unqualified(name)) : space + "." + std::string(unqualified(name));
    if (!names_.emplace(made.name, &made).second)
      return invalid(join(pointer, "name"), "a type of this name is defined already");
    UE_TRY_ASSIGN(made.aliases, texts(value, "aliases", pointer));
    for (std::string& alias : made.aliases)
      if (alias.find('.') == std::string::npos && !space.empty()) alias.insert(0, space + ".");
    if (made.kind == AvroKind::record) return parse_fields(value, pointer, space, made);
    if (made.kind == AvroKind::enumeration) return parse_symbols(value, pointer, made);
    if (value["size"].get(made.size) != simdjson::SUCCESS)
      return invalid(join(pointer, "size"), "a whole number from 0 is expected");
    return {};
  }

  Result<void> parse_symbols(const element& value, const std::string& pointer, AvroType& made) const {
    if (object_in(value).at_key("symbols").error() != simdjson::SUCCESS)
      return invalid(pointer, "`symbols` is missing");
    UE_TRY_ASSIGN(made.symbols, texts(value, "symbols", pointer));
    std::set<std::string_view> seen;
    for (const std::string& symbol : made.symbols)
      if (!is_name(symbol) || !seen.insert(symbol).second)
        return invalid(join(pointer, "symbols"), "a symbol is no name, or given twice");
    element fallback;
    if (object_in(value).at_key("default").get(fallback) != simdjson::SUCCESS) return {};
    const std::string_view word = fallback.is_string() ? text_in(fallback) : std::string_view();
    if (!seen.contains(word))
      return invalid(join(pointer, "default"), "the default is no symbol of the enum");
    made.default_symbol = word;
    return {};
  }

  Result<void> parse_fields(const element& value, const std::string& pointer, const std::string& space,
                            AvroType& made) {
    element list;
    if (value["fields"].get(list) != simdjson::SUCCESS || !list.is_array())
      return invalid(join(pointer, "fields"), "an array of fields is expected");
    std::set<std::string> seen;
    std::size_t i = 0;
    for (const auto item : array_in(list)) {
      AvroField field;
      field.pointer = join(join(pointer, "fields"), std::to_string(i++));
      std::string_view name;
      if (!item.is_object() || item["name"].get(name) != simdjson::SUCCESS || !is_name(name))
        return invalid(field.pointer, "a field is an object with a `name`");
      field.name = name;
      if (!seen.insert(field.name).second)
        return invalid(join(field.pointer, "name"), "the record has a field of this name already");
      UE_TRY_ASSIGN(field.aliases, texts(item, "aliases", field.pointer));
      element type;
      if (item["type"].get(type) != simdjson::SUCCESS) return invalid(field.pointer, "`type` is missing");
      UE_TRY_ASSIGN(field.type, parse(type, join(field.pointer, "type"), space));
      element fallback;
      field.has_default = item["default"].get(fallback) == simdjson::SUCCESS;
      if (field.has_default) defaults_.push_back({fallback, field.type, join(field.pointer, "default")});
      made.fields.push_back(std::move(field));
    }
    return {};
  }

  // A union's default is of its first branch (specification 1.11).
  bool fits(const element& value, const AvroType& type, bool is_default) {
    const auto all = [&](const auto& list, const AvroType& inner, auto pick) {
      for (const auto item : list)
        if (!fits(pick(item), inner, false)) return false;
      return true;
    };
    std::int64_t n = 0;
    switch (type.kind) {
      case AvroKind::null_type:
        return value.is_null();
      case AvroKind::boolean_type:
        return value.is_bool();
      case AvroKind::int_type:
        return value.get(n) == simdjson::SUCCESS && n >= INT32_MIN && n <= INT32_MAX;
      case AvroKind::long_type:
        return value.get(n) == simdjson::SUCCESS;
      case AvroKind::float_type:
      case AvroKind::double_type:
        return value.is_number();
      case AvroKind::bytes_type:
      case AvroKind::string_type:
      case AvroKind::fixed:
        return value.is_string();
      case AvroKind::enumeration:
        return value.is_string() && std::ranges::find(type.symbols, text_in(value)) != type.symbols.end();
      case AvroKind::union_type:
        return fits(value, *type.branches.front(), is_default);
      case AvroKind::array:
        return value.is_array() &&
               all(array_in(value), *type.branches.front(), [](const element& item) { return item; });
      case AvroKind::map:
        return value.is_object() &&
               all(object_in(value), *type.branches.front(), [](const auto& field) { return field.value; });
      case AvroKind::record:
        break;
    }
    if (!value.is_object()) return false;
    return std::ranges::all_of(type.fields, [&](const AvroField& field) {
      element inner;
      return value[field.name].get(inner) == simdjson::SUCCESS ? fits(inner, *field.type, false)
                                                               : field.has_default;
    });
  }

  AvroSchema& schema_;
  std::map<std::string, const AvroType*> names_;
  std::vector<Default> defaults_;
};

Result<AvroSchema> AvroSchema::parse(const Document& document) {
  UE_TRY_ASSIGN(const JsonText text, JsonText::parse(document));
  AvroSchema schema;
  schema.name_ = document.name;
  UE_TRY(AvroParser(schema).run(text.root()));
  return schema;
}

}  // namespace user_events::compatibility
