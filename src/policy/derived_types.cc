#include "policy/derived_types.h"

#include <algorithm>
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
#include "catalogue/dom.h"
#include "catalogue/event_type.h"
#include "catalogue/program.h"
#include "catalogue/reference.h"

namespace user_events::policy {
namespace {

using catalogue::array_in, catalogue::object_in, catalogue::text_in, catalogue::TypeMask;
using simdjson::dom::element;

constexpr TypeMask kScalars = catalogue::kBoolean | catalogue::kInteger | catalogue::kFraction | catalogue::kString;

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
  add(left_of(node.values_stand ? node.value : Treatment{}, those(catalogue::kNull)));
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

/// Appends the members of one object.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  std::string& name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    return out_ += base::member_prefix(name);
  }
  void raw(std::string_view name_, const element& value) { name(name_) += simdjson::minify(value); }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
};

/// Goes through a schema and the plan together: what stands at a node of the plan is described by the schemas that lead there, each rewritten by itself.
/// A value that fits a schema then fits, redacted, what that schema has become.
class Rewriter {
 public:
  Rewriter(const catalogue::EventType& type, const Plan& plan, const element& root)
      : plan_(plan), root_(root), program_(catalogue::SchemaAccess::program(type.schema)) {
    for (catalogue::NodeIndex i = 0; i < program_.nodes.size(); ++i) at_.emplace(program_.nodes[i].pointer, i);
  }

  std::string run() {
    std::string out;
    Members members(out);
    keywords({root_, ""}, plan_.root, members);
    if (!definitions_.empty()) {
      Members definitions(members.name("$defs"));
      for (std::size_t i = 0; i < definitions_.size() && out.size() <= catalogue::kMaxSchemaBytes; ++i) {  // more of them may come
        const Definition one = definitions_[i];
        schema(one.at, one.node, definitions.name(one.name));
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
    const TypeMask types = types_at(at.pointer);
    return index == kKeep ? Left{types, false} : left_of(plan_.nodes[index], types);
  }

  [[nodiscard]] static PlanIndex member_node(const PlanNode& node, std::string_view name) {
    const auto found = std::ranges::lower_bound(node.members, base::member_prefix(name), {}, &PlanMember::prefix);
    return found != node.members.end() && found->prefix == base::member_prefix(name) ? found->node : node.rest;
  }

  /// `is_branch`: the schema around it says already what is done.
  void schema(const At& at, PlanIndex index, std::string& out, bool is_branch = false) {  // NOLINT(misc-no-recursion): as deep as the file
    if (!at.schema.is_object()) return void(out += simdjson::minify(at.schema));
    if (index != kKeep && left_at(at, index).types == 0) return void(out += "false");
    Members members(out);
    keywords(at, index, members, is_branch);
    members.end();
  }

  void keywords(const At& at, PlanIndex index, Members& out, bool is_branch = false) {  // NOLINT(misc-no-recursion): as `schema`
    for (const auto field : object_in(at.schema)) {
      const std::string_view word = field.key;
      if (at.pointer.empty() && word == "$id")
        base::append_json_string(std::string(text_in(field.value)) + ":" + plan_.variant, out.name(word));
      else if (is_one_of(word, {"$defs", "definitions", "x-default", "x-derived"}))  // the former are written as they are referred to
        continue;
      else if (word == "$ref")
        base::append_json_string(reference(text_in(field.value), index), out.name(word));
      else if (index == kKeep)
        kept(below(at, word, field.value), word, out);
      else
        changed(at, below(at, word, field.value), word, index, out);
    }
    if (index == kKeep) return;
    const PlanNode& node = plan_.nodes[index];
    const TypeMask types = types_at(at.pointer);
    const bool has_type = at.schema["type"].error() == simdjson::SUCCESS;
    if (!has_type && (at.schema["enum"].error() == simdjson::SUCCESS || at.schema["const"].error() == simdjson::SUCCESS))
      append_types(left_of(node, types).types, out.name("type"));
    const Treatment* const done = done_to(node, types);
    if (done == nullptr || is_branch) return;
    base::append_json_string(name(done->action), out.name("x-privacy"));
    example(at, *done, out);
  }

  /// Of what is there now; of masks those of what was there before.
  static void example(const At& at, const Treatment& done, Members& out) {
    std::string text;
    simdjson::dom::array before;
    if (done.action == Action::token) text = "tok1_6c1f0b3a9d275a3c00d36d190f42b6c1";
    if (done.action == Action::encrypt) text = "enc1.crm.1.3q2-7wAAAAAAAAAAAAAAAA.Gv3bJ1vJr0u2Yd5n8Q0eXk1mVb2cR4tZ";
    if (done.action == Action::mask && at.schema["examples"].get(before) == simdjson::SUCCESS)
      for (const auto one : before)
        if (text.empty() && one.is_string()) append_masked(done.mask, text_in(one), text);
    if (text.empty()) return;
    std::string& all = out.name("examples") += '[';
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
  void kept(const At& at, std::string_view word, Members& out) {  // NOLINT(misc-no-recursion): as `schema`
    if (word == "properties" && at.schema.is_object()) {
      Members members(out.name(word));
      for (const auto member : object_in(at.schema)) schema(below(at, member.key, member.value), kKeep, members.name(member.key));
      return members.end();
    }
    if (word == "items" || word == "additionalProperties") return schema(at, kKeep, out.name(word));
    if (word == "anyOf") return branches(at, kKeep, out);
    out.raw(word, at.schema);
  }

  // ---- what changes ----
  // What is said of members and items stays where they are not gone into: then objects and arrays stay whole, or there are none.
  void changed(const At& parent, const At& at, std::string_view word, PlanIndex index, Members& out) {  // NOLINT(misc-no-recursion): as `schema`
    const PlanNode& node = plan_.nodes[index];
    const TypeMask types = types_at(parent.pointer);
    const bool has_other_texts = node.value.action != Action::clear || makes_texts_of_wholes(node, types);
    if (is_one_of(word, {"enum", "const", "default", "examples", "minProperties"})) return;
    if (is_one_of(word, {"format", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}) &&
        has_other_texts)
      return;
    if (is_one_of(word, {"minItems", "uniqueItems"}) && node.has_items && node.items != kKeep) return;
    if (word == "type") return append_types(left_of(node, types).types, out.name(word));
    if (word == "properties") return properties(at, node, out);
    if (word == "required") return required(parent, at, node, out);
    if (word == "additionalProperties") return additional(parent, at, node, out);
    if (word == "anyOf") return branches(at, index, out);
    if (word == "items") return schema(at, node.has_items ? node.items : kKeep, out.name(word));
    out.raw(word, at.schema);
  }

  void properties(const At& at, const PlanNode& node, Members& out) {  // NOLINT(misc-no-recursion): as `schema`
    Members members(out.name("properties"));
    for (const auto member : object_in(at.schema)) {
      const At inner = below(at, member.key, member.value);
      const PlanIndex index = node.has_members ? member_node(node, member.key) : kKeep;
      if (left_at(inner, index).types != 0) schema(inner, index, members.name(member.key));
    }
    members.end();
  }

  void required(const At& parent, const At& at, const PlanNode& node, Members& out) const {
    if (!node.has_members) return out.raw("required", at.schema);
    std::string names;
    for (const auto one : array_in(at.schema)) {
      At inner = below(parent, "properties", parent.schema);
      base::append_pointer_token(text_in(one), inner.pointer);
      if (left_at(inner, member_node(node, text_in(one))).can_vanish) continue;
      names += names.empty() ? "" : ",";
      base::append_json_string(text_in(one), names);
    }
    if (!names.empty()) out.name("required").append("[").append(names).append("]");
  }

  /// Of all members that the schema beside it does not name. Others may, and then those are treated by their names.
  void additional(const At& parent, const At& at, const PlanNode& node, Members& out) {  // NOLINT(misc-no-recursion): as `schema`
    if (!at.schema.is_object()) return out.raw("additionalProperties", at.schema);
    if (!node.has_members) return schema(at, kKeep, out.name("additionalProperties"));
    std::set<std::string> named;
    if (simdjson::dom::object properties; parent.schema["properties"].get(properties) == simdjson::SUCCESS)
      for (const auto each : properties) named.insert(base::member_prefix(each.key));
    const auto is_treated_alike = [&](const PlanMember& member) { return member.node == node.rest || named.contains(member.prefix); };
    if (!node.rest_by_name && std::ranges::all_of(node.members, is_treated_alike)) return schema(at, node.rest, out.name("additionalProperties"));
    loosened(at, out.name("additionalProperties"));
  }

  /// Whatever is done to a value, it stays what it was, is a string, or is gone.
  void loosened(const At& at, std::string& out) const {
    Members members(out);
    for (const auto field : object_in(at.schema))
      if (is_one_of(field.key, {"title", "description", "x-personal"})) members.raw(field.key, field.value);
    const TypeMask types = types_at(at.pointer);
    if (types != catalogue::kAnyType) append_types(static_cast<TypeMask>(types | catalogue::kString), members.name("type"));
    members.end();
  }

  void branches(const At& at, PlanIndex index, Members& out) {  // NOLINT(misc-no-recursion): as `schema`
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
    out.name("anyOf").append("[").append(all).append("]");
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
  const catalogue::Program& program_;
  std::unordered_map<std::string_view, catalogue::NodeIndex> at_;
  std::map<std::pair<std::string, PlanIndex>, std::string> names_;
  std::map<std::string, std::size_t> uses_;
  std::vector<Definition> definitions_;
};

}  // namespace

std::unique_ptr<const catalogue::EventType> derive_type(const catalogue::EventType& type, const Plan& plan) {
  std::string text = type.schema_text;
  if (plan.root != kKeep) {
    simdjson::dom::parser parser;
    element root;
    if (parser.parse(text).get(root) == simdjson::SUCCESS) text = base::lay_out(Rewriter(type, plan, root).run());
  }
  if (auto made = make_derived_type(type, plan.variant, text)) return *std::move(made);
  return *make_derived_type(type, plan.variant, R"({"type":"object"})");
}

catalogue::Catalogue derive_catalogue(const catalogue::Catalogue& catalogue, const PrivacyPolicy& policy) {
  const auto names = std::make_shared<const KnownNames>(KnownNames::gather(catalogue, policy));
  std::vector<std::unique_ptr<const catalogue::EventType>> types;
  for (const auto* const type : catalogue.all()) types.push_back(derive_type(*type, make_plan(type->places, policy, names)));
  return catalogue::Catalogue::of(std::move(types));
}

}  // namespace user_events::policy
