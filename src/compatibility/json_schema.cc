#include "compatibility/json_schema.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "catalogue/dom.h"
#include "catalogue/reference.h"

namespace user_events::compatibility {
namespace {

using namespace catalogue;  // the type bits
using simdjson::dom::element;

constexpr std::size_t kMaxReferences = 100;  // that apply to one value
constexpr std::size_t kMaxValues = 10'000;   // of one enum

struct CountKeyword {
  std::string_view name;
  std::uint64_t Facts::* member;
  bool is_minimum;
};
constexpr CountKeyword kCounts[] = {
    {"minLength", &Facts::min_length, true},         {"maxLength", &Facts::max_length, false},
    {"minItems", &Facts::min_items, true},           {"maxItems", &Facts::max_items, false},
    {"minProperties", &Facts::min_properties, true}, {"maxProperties", &Facts::max_properties, false},
};

void raise(Bound& bound, Bound to) {
  if (to.value > bound.value || (to.value == bound.value && to.is_exclusive)) bound = to;
}
void lower(Bound& bound, Bound to) {
  if (to.value < bound.value || (to.value == bound.value && to.is_exclusive)) bound = to;
}

void restrict_values(std::vector<element> allowed, Facts& facts) {
  if (!facts.values) {
    facts.values = std::move(allowed);
    return;
  }
  std::erase_if(*facts.values, [&](const element& value) {
    return std::ranges::none_of(allowed, [&](const element& other) { return is_same(value, other, facts.compared); });
  });
}

}  // namespace

std::optional<element> keyword(const element& schema, std::string_view name) {
  element value;
  if (!schema.is_object() || object_in(schema).at_key(name).get(value) != simdjson::SUCCESS)
    return std::nullopt;
  return value;
}

TypeMask type_of(const element& value) {
  if (value.is_null()) return kNull;
  if (value.is_bool()) return kBoolean;
  if (value.is_string()) return kString;
  if (value.is_array()) return kArray;
  if (value.is_object()) return kObject;
  const auto n = number(value);
  return n && *n == std::floor(*n) ? kInteger : kFraction;
}

std::uint64_t length_of(std::string_view text) noexcept {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

JsonSchema::JsonSchema(const JsonText& text) : text_(text), nothing_(parser_.parse("{}", 2).value_unsafe()) {
  const auto dialect = keyword(text.root(), "$schema");
  if (!dialect || !dialect->is_string()) return;
  const auto is_of = [&](std::string_view draft) { return text_in(*dialect).find(draft) != std::string_view::npos; };
  const bool is_old = is_of("draft-03") || is_of("draft-04");
  ref_stands_alone_ = is_old || is_of("draft-06") || is_of("draft-07");
  if (is_old) id_keyword_ = "id";
}

Result<Group> JsonSchema::root() const {
  Group group;
  UE_TRY(expand(text_.root(), "", group));
  return group;
}

Result<void> JsonSchema::expand(const element& value, const std::string& pointer, Group& group) const {
  if (value.is_bool()) {
    if (!value.get_bool().value_unsafe()) group.all.push_back({value, pointer});
    return {};
  }
  if (!value.is_object()) return refuse(name(), pointer, "a schema is an object, true or false");
  if (std::ranges::find(group.all, pointer, &Conjunct::pointer) != group.all.end())
    return {};  // a circle of references
  if (group.all.size() >= kMaxReferences)
    return refuse(name(), pointer,
                  "more than " + std::to_string(kMaxReferences) + " schemas apply to one value");
  // References below it would lead into it, not into the file.
  if (const auto id = keyword(value, id_keyword_); !pointer.empty() && id && id->is_string() && !text_in(*id).starts_with('#'))
    return refuse(name(), join(pointer, id_keyword_), "only the whole file may have an id of its own");
  const auto reference = keyword(value, "$ref");
  group.all.push_back({value, pointer});
  if (reference) {
    const auto target = reference->is_string() ? local_reference(text_in(*reference)) : std::nullopt;
    element found;
    if (!target || text_.root().at_pointer(*target).get(found) != simdjson::SUCCESS)
      return refuse(name(), join(pointer, "$ref"),
                    "only references to a place within the file (#/...) are followed");
    if (ref_stands_alone_) group.all.back().value = nothing_;  // it stays in the group, so that a circle of references ends
    UE_TRY(expand(found, *target, group));
    if (ref_stands_alone_) return {};
  }
  if (const auto all_of = keyword(value, "allOf")) {
    if (!all_of->is_array()) return refuse(name(), join(pointer, "allOf"), "an array of schemas is expected");
    std::size_t i = 0;
    for (const auto branch : array_in(*all_of))
      UE_TRY(expand(branch, join(join(pointer, "allOf"), std::to_string(i++)), group));
  }
  return {};
}

Result<TypeMask> JsonSchema::types(const element& value, const std::string& pointer) const {
  struct Name {
    std::string_view name;
    TypeMask mask;
  };
  static constexpr Name kNames[] = {
      {"null", kNull},     {"boolean", kBoolean}, {"integer", kInteger}, {"number", kInteger | kFraction},
      {"string", kString}, {"array", kArray},     {"object", kObject}};
  TypeMask mask = 0;
  const auto add = [&](const element& word) {
    const auto found =
        std::ranges::find(kNames, word.is_string() ? text_in(word) : std::string_view(), &Name::name);
    if (found == std::end(kNames)) return false;
    mask = static_cast<TypeMask>(mask | found->mask);
    return true;
  };
  bool is_good = true;
  if (value.is_array()) {
    for (const auto word : array_in(value)) is_good = add(word) && is_good;
  } else {
    is_good = add(value);
  }
  if (!is_good || mask == 0)
    return refuse(name(), pointer, "a type of JSON Schema, or an array of them, is expected");
  return mask;
}

Result<const re2::RE2*> JsonSchema::pattern(std::string_view text, const std::string& pointer) const {
  const auto compiled = patterns_.compile(text);
  if (!compiled) return refuse(name(), pointer, compiled.error());
  return compiled->get();
}

Result<Facts> JsonSchema::facts(const Group& group) const {
  Facts facts;
  facts.types = group.mask;
  for (const Conjunct& conjunct : group.all) UE_TRY(add_facts(conjunct, facts));
  if (facts.values) {
    TypeMask present = 0;
    std::erase_if(*facts.values, [&](const element& value) { return (type_of(value) & facts.types) == 0; });
    for (const element& value : *facts.values) present = static_cast<TypeMask>(present | type_of(value));
    facts.types = present;
  }
  facts.is_never = facts.is_never || facts.types == 0;
  return facts;
}

Result<void> JsonSchema::add_facts(const Conjunct& conjunct, Facts& facts) const {
  if (conjunct.value.is_bool()) {
    facts.is_never = true;
    return {};
  }
  for (const auto field : object_in(conjunct.value)) {
    const std::string_view word = field.key;
    const element& value = field.value;
    const auto at = [&] { return join(conjunct.pointer, word); };
    if (word == "type") {
      UE_TRY_ASSIGN(const TypeMask mask, types(value, at()));
      facts.types = static_cast<TypeMask>(facts.types & mask);
    } else if (const auto count = std::ranges::find(kCounts, word, &CountKeyword::name);
               count != std::end(kCounts)) {
      const auto n = number(value);
      if (!n || *n < 0 || *n != std::floor(*n) || *n > 1e18L)
        return refuse(name(), at(), "a whole number from 0 is expected");
      auto& member = facts.*(count->member);
      member = count->is_minimum ? std::max(member, static_cast<std::uint64_t>(*n))
                                 : std::min(member, static_cast<std::uint64_t>(*n));
    } else if (word == "minimum" || word == "maximum") {
      const auto n = number(value);
      if (!n) return refuse(name(), at(), "a number is expected");
      const auto exclusive =
          keyword(conjunct.value, word == "minimum" ? "exclusiveMinimum" : "exclusiveMaximum");
      const bool is_exclusive =
          exclusive && exclusive->is_bool() && exclusive->get_bool().value_unsafe();  // draft 4
      word == "minimum" ? raise(facts.lower, {*n, is_exclusive}) : lower(facts.upper, {*n, is_exclusive});
    } else if (word == "exclusiveMinimum" || word == "exclusiveMaximum") {
      if (value.is_bool()) continue;
      const auto n = number(value);
      if (!n) return refuse(name(), at(), "a number is expected");
      word == "exclusiveMinimum" ? raise(facts.lower, {*n, true}) : lower(facts.upper, {*n, true});
    } else if (word == "required") {
      if (value.is_bool()) continue;  // draft 3
      if (!value.is_array()) return refuse(name(), at(), "an array of names is expected");
      for (const auto item : array_in(value)) {
        if (!item.is_string()) return refuse(name(), at(), "an array of names is expected");
        facts.required.insert(text_in(item));
      }
    } else if (word == "enum") {
      if (!value.is_array()) return refuse(name(), at(), "an array of values is expected");
      if (array_in(value).size() > kMaxValues)
        return refuse(name(), at(), "more than " + std::to_string(kMaxValues) + " values");
      std::vector<element> allowed;
      for (const auto item : array_in(value)) allowed.push_back(item);
      restrict_values(std::move(allowed), facts);
    } else if (word == "const") {
      restrict_values({value}, facts);
    } else if (word == "multipleOf") {
      if (const auto n = number(value); !n || *n <= 0) return refuse(name(), at(), "a number above 0 is expected");
    } else if (word == "pattern") {
      if (!value.is_string()) return refuse(name(), at(), "a regular expression is expected");
      UE_TRY(pattern(text_in(value), at()));
    }
  }
  return {};
}

}  // namespace user_events::compatibility
