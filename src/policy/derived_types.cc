#include "policy/derived_types.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json_layout.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/json_writer.h"
#include "catalogue/dom.h"
#include "catalogue/event_type.h"
#include "catalogue/program.h"
#include "catalogue/reference.h"

namespace user_events::policy {
namespace {

using base::ObjectWriter;
using catalogue::array_in, catalogue::object_in, catalogue::text_in, catalogue::TypeMask;
using simdjson::dom::element;

/// Types of what is left of values of those types, and whether something can be left out.
struct Left {
  TypeMask types = 0;
  bool can_vanish = false;
};

Left left_of(const Treatment& treatment, TypeMask types) noexcept {
  const auto text_if = [](TypeMask some) { return some != 0 ? catalogue::kString : TypeMask{0}; };
  const TypeMask null = types & catalogue::kNull, values = static_cast<TypeMask>(types & ~catalogue::kNull);
  switch (treatment.action) {
    case Action::clear: return {types, false};
    case Action::mask: return {static_cast<TypeMask>(null | (values & catalogue::kString)), (values & ~catalogue::kString) != 0};
    case Action::token: return {static_cast<TypeMask>(null | text_if(values)), false};
    case Action::encrypt: return {text_if(types), types != 0};  // an event from before events were sealed has no key
    case Action::omit: break;
  }
  return {0, types != 0};
}

/// Of what stands at a place, carried out by Redactor::value.
Left left_of(const PlanNode& node, TypeMask types) noexcept {
  Left all;
  const auto add = [&all](const Left& more) {
    all.types = static_cast<TypeMask>(all.types | more.types);
    all.can_vanish = all.can_vanish || more.can_vanish;
  };
  const auto those = [types](TypeMask some) { return static_cast<TypeMask>(types & some); };
  add(left_of(node.value, those(kScalars)));
  add(left_of((node.types & kScalars) != 0 ? node.value : Treatment{}, those(catalogue::kNull)));
  add(left_of(node.has_members ? Treatment{} : node.whole, those(catalogue::kObject)));
  add(left_of(node.has_items ? Treatment{} : node.whole, those(catalogue::kArray)));
  return all;
}

/// `"string"`, or a list.
void append_types(TypeMask types, std::string& out) {
  constexpr std::pair<TypeMask, std::string_view> kNames[] = {
      {catalogue::kNull, "null"},    {catalogue::kBoolean, "boolean"}, {catalogue::kFraction, "number"}, {catalogue::kInteger, "integer"},
      {catalogue::kString, "string"}, {catalogue::kArray, "array"},     {catalogue::kObject, "object"}};
  std::vector<std::string_view> names;
  for (const auto& [type, word] : kNames)
    if ((types & type) != 0 && !(type == catalogue::kInteger && (types & catalogue::kFraction) != 0)) names.push_back(word);
  if (names.size() != 1) out += '[';
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ',';
    base::append_json_string(names[i], out);
  }
  if (names.size() != 1) out += ']';
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) { return std::ranges::find(words, word) != words.end(); }

void copy(std::string_view name, const element& value, ObjectWriter& out) { out.any_key(name) += simdjson::minify(value); }

/// Goes through a schema and the plan together: what stands at a node of the plan is described by the schemas that lead there, each rewritten by itself.
/// A value that fits a schema then fits, redacted, what that schema has become.
class Rewriter {
 public:
  Rewriter(const catalogue::EventType& type, const Plan& plan, const element& root, bool has_examples)
      : plan_(plan), root_(root), has_examples_(has_examples), program_(catalogue::SchemaAccess::program(type.schema)) {
    for (catalogue::NodeIndex i = 0; i < program_.nodes.size(); ++i) at_.emplace(program_.nodes[i].pointer, i);
  }

  std::string run() {
    std::string out;
    ObjectWriter members(out);
    keywords({root_, ""}, plan_.root, members);
    if (!definitions_.empty()) {
      ObjectWriter definitions(members.any_key("$defs"));
      for (std::size_t i = 0; i < definitions_.size() && out.size() <= catalogue::kMaxSchemaBytes; ++i) {  // more of them may come
        const Definition one = definitions_[i];
        schema(one.at, one.node, definitions.any_key(one.name));
      }
      definitions.end();
    }
    members.end();
    return out;
  }

 private:
  struct At {
    element schema;
    std::string pointer;
  };
  struct Definition {
    At at;
    PlanIndex node;
    std::string name;
  };

  [[nodiscard]] static At below(const At& at, std::string_view keyword, const element& value) {
    At inner{value, at.pointer};
    base::append_pointer_token(keyword, inner.pointer);
    return inner;
  }

  /// Of values that fit the schema there.
  [[nodiscard]] TypeMask types_at(const std::string& pointer) const {
    const auto found = at_.find(pointer);
    return found == at_.end() ? catalogue::kAnyType : possible_types(program_, found->second);
  }
  [[nodiscard]] Left left_at(const At& at, PlanIndex index) const {
    if (index == kKeep) return {types_at(at.pointer), false};
    return left_of(plan_.nodes[index], types_of(at, index));
  }
  /// What can stand there: what the schema allows, of what all schemas of the place do.
  [[nodiscard]] TypeMask types_of(const At& at, PlanIndex index) const { return static_cast<TypeMask>(types_at(at.pointer) & plan_.nodes[index].types); }

  /// `is_branch`: the schema around it says already what is done.
  void schema(const At& at, PlanIndex index, std::string& out, bool is_branch = false) {  // NOLINT(misc-no-recursion): as deep as the file
    if (!at.schema.is_object()) return void(out += simdjson::minify(at.schema));
    if (index != kKeep && left_at(at, index).types == 0) return void(out += "false");
    ObjectWriter members(out);
    keywords(at, index, members, is_branch);
    members.end();
  }

  void keywords(const At& at, PlanIndex index, ObjectWriter& out, bool is_branch = false) {  // NOLINT(misc-no-recursion): as `schema`
    for (const auto field : object_in(at.schema)) {
      const std::string_view word = field.key;
      if (at.pointer.empty() && word == "$id")
        base::append_json_string(std::string(text_in(field.value)) + ":" + plan_.variant, out.any_key(word));
      else if (is_one_of(word, {"$defs", "definitions", "x-privacy"}))  // the former are written as they are referred to
        continue;
      else if (word == "$ref")
        base::append_json_string(reference(text_in(field.value), index), out.any_key(word));
      else if (index == kKeep)
        kept(below(at, word, field.value), word, out);
      else
        changed(at, below(at, word, field.value), word, index, out);
    }
    if (index == kKeep) return;
    const PlanNode& node = plan_.nodes[index];
    const TypeMask types = types_of(at, index);
    const bool has_type = at.schema["type"].error() == simdjson::SUCCESS;
    if (!has_type && (at.schema["enum"].error() == simdjson::SUCCESS || at.schema["const"].error() == simdjson::SUCCESS))
      append_types(left_of(node, types).types, out.any_key("type"));
    if (has_rules_beside_reference(at)) out.number("minProperties", 0);
    const Treatment* const done = done_to(node, types);
    if (done == nullptr || is_branch) return;
    out.text("x-privacy", name(done->action));
    if (has_examples_) example(at, *done, out);
  }

  /// A rule that says nothing stays beside such a reference: alone it would be another kind of data in other encodings.
  [[nodiscard]] bool has_rules_beside_reference(const At& at) const {
    const auto found = at_.find(at.pointer);
    return found != at_.end() && program_.nodes[found->second].reference != catalogue::kNoNode && !program_.nodes[found->second].alias && !program_.nodes[found->second].annotated_alias;
  }

  /// Of what is there now; of masks those of what was there before.
  static void example(const At& at, const Treatment& done, ObjectWriter& out) {
    std::string text;
    simdjson::dom::array before;
    if (done.action == Action::token) text = "tok1_6c1f0b3a9d275a3c00d36d190f42b6c1";
    if (done.action == Action::encrypt) text = "enc1.crm.1.3q2-7wAAAAAAAAAAAAAAAA.Gv3bJ1vJr0u2Yd5n8Q0eXk1mVb2cR4tZ";
    if (done.action == Action::mask && at.schema["examples"].get(before) == simdjson::SUCCESS)
      for (const auto one : before)
        if (text.empty() && one.is_string()) append_masked(done.mask, text_in(one), text);
    if (text.empty()) return;
    std::string& all = out.any_key("examples") += '[';
    base::append_json_string(text, all);
    all += ']';
  }

  /// What is done to values there as a whole; null: nothing.
  [[nodiscard]] static const Treatment* done_to(const PlanNode& node, TypeMask types) {
    if ((types & kScalars) != 0 && node.value.action != Action::clear) return &node.value;
    return makes_texts_of_wholes(node, types) ? &node.whole : nullptr;
  }
  [[nodiscard]] static bool makes_texts_of_wholes(const PlanNode& node, TypeMask types) {
    const bool objects = (types & catalogue::kObject) != 0 && !node.has_members, arrays = (types & catalogue::kArray) != 0 && !node.has_items;
    return (objects || arrays) && node.whole.action != Action::clear;
  }

  // ---- what stays ----
  void kept(const At& at, std::string_view word, ObjectWriter& out) {  // NOLINT(misc-no-recursion): as `schema`
    if (word == "properties" && at.schema.is_object()) {
      ObjectWriter members(out.any_key(word));
      for (const auto member : object_in(at.schema)) schema(below(at, member.key, member.value), kKeep, members.any_key(member.key));
      return members.end();
    }
    if (word == "items" || word == "additionalProperties") return schema(at, kKeep, out.any_key(word));
    if (word == "anyOf") return branches(at, kKeep, out);
    copy(word, at.schema, out);
  }

  // ---- what changes ----
  // What is said of members and items stays where they are not gone into: then objects and arrays stay whole, or there are none.
  void changed(const At& parent, const At& at, std::string_view word, PlanIndex index, ObjectWriter& out) {  // NOLINT(misc-no-recursion): as `schema`
    const PlanNode& node = plan_.nodes[index];
    const TypeMask types = types_of(parent, index);
    const bool has_other_texts = node.value.action != Action::clear || makes_texts_of_wholes(node, types);
    if (is_one_of(word, {"enum", "const", "default", "examples", "x-default", "x-derived", "minProperties"})) return;
    if (is_one_of(word, {"format", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}) &&
        has_other_texts)
      return;
    if (is_one_of(word, {"minItems", "uniqueItems"}) && node.has_items && node.items != kKeep) return;
    if (word == "type") return append_types(left_of(node, types).types, out.any_key(word));
    if (word == "properties") return properties(at, node, out);
    if (word == "required") return required(parent, at, node, out);
    if (word == "additionalProperties") return additional(parent, at, node, out);
    if (word == "anyOf") return branches(at, index, out);
    if (word == "items") return schema(at, node.has_items ? node.items : kKeep, out.any_key(word));
    copy(word, at.schema, out);
  }

  void properties(const At& at, const PlanNode& node, ObjectWriter& out) {  // NOLINT(misc-no-recursion): as `schema`
    ObjectWriter members(out.any_key("properties"));
    for (const auto member : object_in(at.schema)) {
      const PlanMember* const known = find_member(node, base::member_prefix(member.key));
      const PlanIndex index = !node.has_members ? kKeep : known != nullptr ? known->node : node.rest;
      schema(below(at, member.key, member.value), index, members.any_key(member.key));  // `false` of what is always left out
    }
    members.end();
  }

  void required(const At& parent, const At& at, const PlanNode& node, ObjectWriter& out) const {
    if (!node.has_members) return copy("required", at.schema, out);
    std::string names;
    for (const auto one : array_in(at.schema)) {
      if (can_vanish(parent, text_in(one), node)) continue;
      names += names.empty() ? "" : ",";
      base::append_json_string(text_in(one), names);
    }
    if (!names.empty()) out.raw("required", "[" + names + "]");
  }

  [[nodiscard]] bool can_vanish(const At& parent, std::string_view name, const PlanNode& node) const {
    const PlanMember* const known = find_member(node, base::member_prefix(name));
    if (known == nullptr && node.rest_by_name) return true;
    At member = below(parent, "properties", parent.schema);
    base::append_pointer_token(name, member.pointer);
    return left_at(member, known != nullptr ? known->node : node.rest).can_vanish;
  }

  /// Of all members that the schema beside it does not name. Others may, and then those are treated by their names.
  void additional(const At& parent, const At& at, const PlanNode& node, ObjectWriter& out) {  // NOLINT(misc-no-recursion): as `schema`
    if (!at.schema.is_object()) return copy("additionalProperties", at.schema, out);
    std::set<std::string> named;
    if (simdjson::dom::object properties; parent.schema["properties"].get(properties) == simdjson::SUCCESS)
      for (const auto each : properties) named.insert(base::member_prefix(each.key));
    const auto is_treated_alike = [&](const PlanMember& member) { return member.node == node.rest || named.contains(member.prefix); };
    if (!node.rest_by_name && std::ranges::all_of(node.members, is_treated_alike)) return schema(at, node.rest, out.any_key("additionalProperties"));
    loosened(at, out.any_key("additionalProperties"));
  }

  /// Whatever is done to a value, it stays what it was, is a string, or is gone.
  void loosened(const At& at, std::string& out) const {
    ObjectWriter members(out);
    for (const auto field : object_in(at.schema))
      if (is_one_of(field.key, {"title", "description", "x-personal"})) copy(field.key, field.value, members);
    const TypeMask types = types_at(at.pointer);
    if (types != catalogue::kAnyType) append_types(static_cast<TypeMask>(types | catalogue::kString), members.any_key("type"));
    members.end();
  }

  void branches(const At& at, PlanIndex index, ObjectWriter& out) {  // NOLINT(misc-no-recursion): as `schema`
    std::string all;
    std::size_t i = 0;
    for (const auto branch : array_in(at.schema)) {
      const At inner = below(at, std::to_string(i++), branch);
      if (index != kKeep && left_at(inner, index).types == 0) continue;
      std::string one;
      schema(inner, index, one, true);
      if (one == "{}" || one == "true") return;  // then the others need not hold
      all.append(all.empty() ? "" : ",").append(one);
    }
    out.any_key("anyOf").append("[").append(all).append("]");
  }

  /// One definition for each schema and each of its treatments.
  std::string reference(std::string_view given, PlanIndex index) {
    const std::string target = catalogue::local_reference(given).value_or("");
    auto [known, is_new] = names_.try_emplace({target, index});
    if (is_new) {
      std::string wanted = base::last_pointer_token(target);
      const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
      std::ranges::replace_if(wanted, [&](char c) { return !is_plain(c); }, '_');
      const std::size_t uses = ++uses_[wanted];
      known->second = uses == 1 ? wanted : wanted + "." + std::to_string(uses);
      definitions_.push_back({{root_.at_pointer(target).value_unsafe(), target}, index, known->second});
    }
    return "#/$defs/" + known->second;
  }

  const Plan& plan_;
  const element root_;
  const bool has_examples_;
  const catalogue::Program& program_;
  std::unordered_map<std::string_view, catalogue::NodeIndex> at_;
  std::map<std::pair<std::string, PlanIndex>, std::string> names_;
  std::map<std::string, std::size_t> uses_;
  std::vector<Definition> definitions_;
};

}  // namespace

std::unique_ptr<const catalogue::EventType> derive_type(const catalogue::EventType& type, const Plan& plan) {
  if (plan.root == kKeep) return *make_derived_type(type, "", type.schema_text);
  simdjson::dom::parser parser;
  const element root = parser.parse(type.schema_text).value_unsafe();  // it was compiled
  const std::string whole = Rewriter(type, plan, root, true).run();
  if (auto made = make_derived_type(type, plan.variant, base::lay_out(whole))) return *std::move(made);
  if (auto made = make_derived_type(type, plan.variant, whole)) return *std::move(made);
  // Examples are a level deeper than the published schema may have been.
  if (auto made = make_derived_type(type, plan.variant, Rewriter(type, plan, root, false).run())) return *std::move(made);
  std::string object;
  ObjectWriter members(object);
  members.text("$id", type.data_schema_uri + ":" + plan.variant);
  members.text("title", type.title);
  members.text("type", "object");
  members.end();
  return *make_derived_type(type, plan.variant, object);
}

catalogue::Catalogue derive_catalogue(const catalogue::Catalogue& catalogue, const PrivacyPolicy& policy) {
  std::vector<std::unique_ptr<const catalogue::EventType>> types;
  for (const auto* const type : catalogue.all()) types.push_back(derive_type(*type, make_plan(type->places, policy, nullptr)));
  return catalogue::Catalogue::of(std::move(types));
}

}  // namespace user_events::policy
