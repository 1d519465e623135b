// The schema compiler: JSON text → nodes. Every keyword of the profile has one handler; what has none is
// refused.
#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/try.h"
#include "catalogue/canonical.h"
#include "catalogue/dom.h"
#include "catalogue/link.h"
#include "catalogue/pattern.h"
#include "catalogue/program.h"
#include "catalogue/reference.h"

namespace user_events::catalogue {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

class Compiler {
 public:
  explicit Compiler(std::string_view file) : errors_(file) {}

  Result<std::unique_ptr<Program>> run(std::string_view text) {
    if (text.size() > kMaxSchemaBytes)
      return invalid("", "larger than " + std::to_string(kMaxSchemaBytes) + " bytes");
    simdjson::dom::parser parser;
    if (parser.allocate(text.size() + 1, kMaxSchemaDepth) != simdjson::SUCCESS)
      return invalid("", "not readable: out of memory");
    element root;
    if (const auto error = parser.parse(text.data(), text.size()).get(root); error != simdjson::SUCCESS)
      return invalid("", std::string("not readable as JSON: ") + simdjson::error_message(error));
    UE_TRY(check_duplicates(root, ""));
    UE_TRY(compile(root, ""));
    UE_TRY(link_references(*program_, references_, at_pointer_, errors_));
    return std::move(program_);
  }

 private:
  struct Keyword {
    std::string_view name;
    Result<void> (Compiler::*handle)(const element& value, const std::string& pointer, Node& node);
    bool only_words = false;  // says nothing about a value (`$ref` itself included)
  };
  static std::span<const Keyword> keywords() noexcept;

  [[nodiscard]] std::unexpected<Error> invalid(const std::string& pointer, const std::string& what) const {
    return errors_.invalid(pointer, what);
  }
  [[nodiscard]] std::unexpected<Error> unsupported(const std::string& pointer,
                                                   const std::string& what) const {
    return errors_.unsupported(pointer, what);
  }
  static std::string join(const std::string& pointer, std::string_view token) {
    std::string joined = pointer;
    base::append_pointer_token(token, joined);
    return joined;
  }

  // simdjson keeps duplicate members; in a schema they would be a rule that silently does not count.
  Result<void> check_duplicates(const element& value, const std::string& pointer) const {
    if (value.is_array()) {
      std::size_t i = 0;
      for (const auto item : array_in(value))
        UE_TRY(check_duplicates(item, join(pointer, std::to_string(i++))));
    } else if (value.is_object()) {
      std::vector<std::string_view> names;
      for (const auto field : object_in(value)) {
        names.push_back(field.key);
        UE_TRY(check_duplicates(field.value, join(pointer, field.key)));
      }
      std::ranges::sort(names);
      if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
        return invalid(join(pointer, *twice), "the member is given twice");
    }
    return {};
  }

  Result<NodeIndex> compile(const element& value, const std::string& pointer) {
    const auto index = static_cast<NodeIndex>(program_->nodes.size());
    program_->nodes.emplace_back();
    at_pointer_.emplace(pointer, index);
    Node node;
    node.pointer = pointer;
    if (value.is_bool()) {
      node.never = !value.get_bool().value_unsafe();
    } else if (value.is_object()) {
      current_.push_back(index);
      for (const auto field : object_in(value))
        UE_TRY(keyword(field.key, field.value, join(pointer, field.key), node));
      current_.pop_back();
      node.alias = is_reference(object_in(value), false);
      node.annotated_alias = !node.alias && is_reference(object_in(value), true);
      UE_TRY(finish(object_in(value), node));
    } else {
      return invalid(pointer, "a schema is an object or a boolean");
    }
    program_->nodes[index] = std::move(node);
    return index;
  }

  // `$ref` alone, as far as checking goes; `annotations` of ours may stand beside it.
  static bool is_reference(const simdjson::dom::object& object, bool annotations) {
    bool has_ref = false;
    for (const auto field : object) {
      const std::string_view name = field.key;
      const auto known = std::ranges::find(keywords(), name, &Keyword::name);
      has_ref = has_ref || name == "$ref";
      const bool silent =
          (known != keywords().end() && known->only_words) || (annotations && name.starts_with("x-"));
      if (!silent) return false;
    }
    return has_ref;
  }

  Result<void> keyword(std::string_view name, const element& value, const std::string& pointer, Node& node) {
    for (const Keyword& known : keywords())
      if (known.name == name) return (this->*known.handle)(value, pointer, node);
    if (name.starts_with("x-")) return {};
    return unsupported(pointer, "the keyword is outside the profile");
  }

  // ---- values of keywords ----
  Result<std::string_view> text_of(const element& value, const std::string& pointer) const {
    if (!value.is_string()) return invalid(pointer, "a string is expected");
    return text_in(value);
  }
  Result<long double> number_of(const element& value, const std::string& pointer) const {
    switch (value.type()) {
      case element_type::INT64:
        return static_cast<long double>(value.get_int64().value_unsafe());
      case element_type::UINT64:
        return static_cast<long double>(value.get_uint64().value_unsafe());
      case element_type::DOUBLE:
        return static_cast<long double>(value.get_double().value_unsafe());
      default:
        return invalid(pointer, "a number is expected");
    }
  }
  Result<std::uint32_t> count_of(const element& value, const std::string& pointer) const {
    UE_TRY_ASSIGN(const long double number, number_of(value, pointer));
    if (number < 0 || number != std::floor(number))
      return invalid(pointer, "a whole number of at least 0 is expected");
    return number >= static_cast<long double>(kUnlimited) ? kUnlimited : static_cast<std::uint32_t>(number);
  }
  Result<std::vector<std::string_view>> names_of(const element& value, const std::string& pointer) const {
    if (!value.is_array()) return invalid(pointer, "an array of names is expected");
    std::vector<std::string_view> names;
    for (const auto item : array_in(value)) {
      UE_TRY_ASSIGN(const std::string_view name, text_of(item, pointer));
      names.push_back(name);
    }
    std::vector<std::string_view> sorted = names;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) return invalid(pointer, "a name is given twice");
    return names;
  }
  NumberRule& number_rule(Node& node) {
    if (!node.number) node.number = std::make_shared<NumberRule>();
    return *node.number;
  }
  EnumRule& enum_rule(Node& node) {
    node.enumeration = std::make_shared<EnumRule>();
    return *node.enumeration;
  }

  // ---- handlers ----
  Result<void> annotation(const element&, const std::string&, Node&) { return {}; }
  Result<void> text_annotation(const element& value, const std::string& pointer, Node&) {
    UE_TRY(text_of(value, pointer));
    return {};
  }
  Result<void> flag_annotation(const element& value, const std::string& pointer, Node&) {
    if (!value.is_bool()) return invalid(pointer, "true or false is expected");
    return {};
  }
  Result<void> dialect(const element& value, const std::string& pointer, Node&) {
    UE_TRY_ASSIGN(const std::string_view text, text_of(value, pointer));
    if (current_.size() > 1) return unsupported(pointer, "only the root may name a dialect");
    if (text != "https://json-schema.org/draft/2020-12/schema")
      return unsupported(pointer, "the dialect is not https://json-schema.org/draft/2020-12/schema");
    return {};
  }
  Result<void> id(const element& value, const std::string& pointer, Node&) {
    UE_TRY(text_of(value, pointer));
    if (current_.size() > 1) return unsupported(pointer, "only the root may have an $id");
    return {};
  }
  Result<void> definitions(const element& value, const std::string& pointer, Node&) {
    if (!value.is_object()) return invalid(pointer, "an object of schemas is expected");
    for (const auto field : object_in(value)) UE_TRY(compile(field.value, join(pointer, field.key)));
    return {};
  }
  Result<void> ref(const element& value, const std::string& pointer, Node&) {
    UE_TRY_ASSIGN(const std::string_view text, text_of(value, pointer));
    const auto target = local_reference(text);
    if (!target) return unsupported(pointer, "only references within the file (`#/…`) are supported");
    references_.push_back({current_.back(), *target, pointer});
    return {};
  }
  Result<void> type(const element& value, const std::string& pointer, Node& node) {
    node.types = 0;
    const auto add = [&](const element& name) -> Result<void> {
      UE_TRY_ASSIGN(const std::string_view text, text_of(name, pointer));
      const TypeMask mask = type_named(text);
      if (mask == 0) return invalid(pointer, "there is no such type");
      node.types = static_cast<TypeMask>(node.types | mask);
      return {};
    };
    if (!value.is_array()) return add(value);
    for (const auto item : array_in(value)) UE_TRY(add(item));
    return node.types != 0 ? Result<void>{} : invalid(pointer, "at least one type is expected");
  }
  static TypeMask type_named(std::string_view name) noexcept {
    static constexpr std::pair<std::string_view, TypeMask> kTypes[] = {
        {"null", kNull},     {"boolean", kBoolean}, {"integer", kInteger}, {"number", kInteger | kFraction},
        {"string", kString}, {"array", kArray},     {"object", kObject}};
    for (const auto& [text, mask] : kTypes)
      if (text == name) return mask;
    return 0;
  }
  Result<void> enumeration(const element& value, const std::string& pointer, Node& node) {
    if (node.enumeration) return unsupported(pointer, "`enum` and `const` together are not supported");
    if (!value.is_array()) return invalid(pointer, "an array is expected");
    EnumRule& rule = enum_rule(node);
    for (const auto item : array_in(value)) allow(item, rule);
    std::ranges::sort(rule.strings);
    std::ranges::sort(rule.others);
    return {};
  }
  Result<void> constant(const element& value, const std::string& pointer, Node& node) {
    if (node.enumeration) return unsupported(pointer, "`enum` and `const` together are not supported");
    allow(value, enum_rule(node));
    return {};
  }
  static void allow(const element& value, EnumRule& rule) {
    if (value.is_string()) {
      rule.strings.emplace_back(text_in(value));
      return;
    }
    rule.others.emplace_back();
    append_canonical(value, rule.others.back());
  }
  Result<void> format(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(const std::string_view text, text_of(value, pointer));
    const auto mask = format_named(text);
    if (!mask) return unsupported(pointer, "the format is outside the profile");
    node.formats = *mask;
    return {};
  }
  Result<void> pattern(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(const std::string_view text, text_of(value, pointer));
    auto compiled = patterns_.compile(text);
    if (!compiled) return unsupported(pointer, "the pattern is not supported: " + compiled.error());
    node.pattern = *std::move(compiled);
    return {};
  }
  template <std::uint32_t Node::* kMember>
  Result<void> count(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(node.*kMember, count_of(value, pointer));
    return {};
  }
  template <long double NumberRule::* kMember>
  Result<void> bound(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(number_rule(node).*kMember, number_of(value, pointer));
    return {};
  }
  Result<void> multiple_of(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(const long double divisor, number_of(value, pointer));
    if (divisor <= 0) return invalid(pointer, "a number above 0 is expected");
    // A fraction has no exact binary form, so "multiple of 0.1" could not be decided exactly.
    if (divisor != std::floor(divisor) || divisor > 9007199254740992.0L)
      return unsupported(pointer, "only whole numbers up to 2^53 are supported");
    number_rule(node).multiple_of = static_cast<std::uint64_t>(divisor);
    return {};
  }
  Result<void> items(const element& value, const std::string& pointer, Node& node) {
    if (value.is_array()) return unsupported(pointer, "an array of schemas is not supported");
    UE_TRY_ASSIGN(node.items, compile(value, pointer));
    return {};
  }
  Result<void> unique_items(const element& value, const std::string& pointer, Node& node) {
    UE_TRY(flag_annotation(value, pointer, node));
    node.unique_items = value.get_bool().value_unsafe();
    return {};
  }
  Result<void> properties(const element& value, const std::string& pointer, Node& node) {
    if (!value.is_object()) return invalid(pointer, "an object of schemas is expected");
    for (const auto field : object_in(value)) {
      UE_TRY_ASSIGN(const NodeIndex index, compile(field.value, join(pointer, field.key)));
      Property property;
      property.name = field.key;
      property.node = index;
      node.properties.push_back(std::move(property));
    }
    return {};
  }
  Result<void> additional_properties(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(const NodeIndex index, compile(value, pointer));
    if (value.is_bool())
      node.closed = !value.get_bool().value_unsafe();
    else
      node.additional = index;
    return {};
  }
  Result<void> any_of(const element& value, const std::string& pointer, Node& node) {
    if (!value.is_array() || array_in(value).size() == 0)
      return invalid(pointer, "a non-empty array of schemas is expected");
    std::size_t i = 0;
    for (const auto item : array_in(value)) {
      UE_TRY_ASSIGN(const NodeIndex index, compile(item, join(pointer, std::to_string(i++))));
      node.any_of.push_back(index);
    }
    return {};
  }
  // `required` is read in `finish`, after `properties`, whatever their order in the file.
  Result<void> required(const element& value, const std::string& pointer, Node&) {
    UE_TRY(names_of(value, pointer));
    return {};
  }
  Result<void> personal(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(node.personal, text_of(value, pointer));
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (node.personal.empty() || node.personal.size() > 64 || !std::ranges::all_of(node.personal, good))
      return invalid(pointer, "a class of personal data (lower case, hyphens) or `none` is expected");
    return {};
  }
  // What it says is read by whoever casts (src/casts); deeper than the root nobody would read it.
  Result<void> cast(const element&, const std::string& pointer, Node&) {
    if (current_.size() > 1) return invalid(pointer, "only the root may say how events are cast");
    return {};
  }
  Result<void> key(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(node.key, text_of(value, pointer));
    if (node.key != "user" && node.key != "identifier")
      return invalid(pointer, "`user` or `identifier` is expected");
    return {};
  }
  Result<void> field_number(const element& value, const std::string& pointer, Node& node) {
    UE_TRY_ASSIGN(node.field_number, count_of(value, pointer));
    // Protobuf's range without the numbers that it keeps for itself.
    if (node.field_number < 1 || node.field_number > 536'870'911 ||
        (node.field_number >= 19'000 && node.field_number <= 19'999))
      return invalid(pointer, "a field number is 1..536870911, but not 19000..19999");
    return {};
  }

  // ---- once all keywords of a node are read ----
  Result<void> finish(const simdjson::dom::object& object, Node& node) {
    UE_TRY(add_required(object, node));
    for (Property& property : node.properties) property.prefix = base::member_prefix(property.name);
    for (std::uint32_t i = 0; i < node.properties.size(); ++i) node.by_name.push_back(i);
    std::ranges::sort(node.by_name, {},
                      [&](std::uint32_t i) -> const std::string& { return node.properties[i].name; });
    element value;
    if (object.at_key("anyOf").get(value) == simdjson::SUCCESS) simplify_any_of(value, node);
    if (object.at_key("properties").get(value) == simdjson::SUCCESS) UE_TRY(add_fills(value, node));
    return {};
  }

  static std::uint32_t index_of(const Node& node, std::string_view name) noexcept {
    const auto found = std::ranges::find(node.properties, name, &Property::name);
    return static_cast<std::uint32_t>(found - node.properties.begin());
  }

  Result<void> add_required(const simdjson::dom::object& object, Node& node) const {
    element value;
    if (object.at_key("required").get(value) != simdjson::SUCCESS) return {};
    UE_TRY_ASSIGN(const auto names, names_of(value, node.pointer));
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < node.properties.size(); ++i) known.emplace(node.properties[i].name, i);
    std::vector<Property> undeclared;
    for (const std::string_view name : names) {
      if (const auto found = known.find(name); found != known.end()) {
        node.properties[found->second].required = true;
      } else {
        undeclared.emplace_back().name = name;
        undeclared.back().required = true;
      }
    }
    for (Property& property : undeclared) node.properties.push_back(std::move(property));
    return {};
  }

  // The two usual forms of anyOf get a direct form: sets of required members, and formats.
  void simplify_any_of(const element& value, Node& node) const {
    std::vector<std::uint64_t> sets;
    FormatMask formats = 0;
    bool all_sets = node.properties.size() <= 64, all_formats = node.formats == 0;
    for (const auto branch : array_in(value)) {
      element names;
      const bool single = branch.is_object() && object_in(branch).size() == 1;
      const auto required = single && branch["required"].get(names) == simdjson::SUCCESS
                                ? names_of(names, "")
                                : Result<std::vector<std::string_view>>{};
      if (required && !required->empty()) {
        std::uint64_t set = 0;
        for (std::size_t i = 0; all_sets && i < required->size(); ++i) {
          const std::uint32_t index = index_of(node, (*required)[i]);
          if (index == node.properties.size()) all_sets = false;
          set |= std::uint64_t{1} << (index & 63U);
        }
        sets.push_back(set);
      } else {
        all_sets = false;
      }
      std::string_view format;
      if (single && branch["format"].get(format) == simdjson::SUCCESS)
        formats = static_cast<FormatMask>(formats | format_named(format).value_or(0));
      else
        all_formats = false;
    }
    if (all_sets) node.one_required = std::move(sets);
    if (all_formats) node.formats = formats;
    if (all_sets || all_formats) node.any_of.clear();
  }

  // `x-default` and `x-derived` of the members.
  Result<void> add_fills(const element& members, Node& node) const {
    std::size_t next = 0;  // properties stand in the file's order
    for (const auto field : object_in(members)) {
      Property& property = node.properties[next++];
      if (!field.value.is_object()) continue;
      const Node& child = program_->nodes[property.node];
      element value;
      if (field.value["x-default"].get(value) == simdjson::SUCCESS) {
        const auto text = value.get_string();
        if (text.error() != simdjson::SUCCESS || text.value_unsafe() != "acceptance-time" ||
            child.formats != kFormatDateTime)
          return invalid(child.pointer + "/x-default", "`acceptance-time` on a date-time is expected");
        property.fill = Fill::acceptance_time;
      }
      if (field.value["x-derived"].get(value) == simdjson::SUCCESS) {
        constexpr std::string_view kKeysOf = "keys-of:/";
        const std::string_view text = value.is_string() ? text_in(value) : std::string_view();
        const std::uint32_t source =
            text.starts_with(kKeysOf) ? index_of(node, text.substr(kKeysOf.size())) : kUnlimited;
        if (!node.pointer.empty() || source >= node.properties.size() || (child.types & kArray) == 0)
          return invalid(child.pointer + "/x-derived",
                         "`keys-of:/MEMBER` on an array of the root is expected, with a member of the root");
        property.fill = Fill::keys_of;
        property.fill_source = source;
      }
      node.has_fills = node.has_fills || property.fill != Fill::none;
    }
    return {};
  }

  SchemaErrors errors_;
  std::unique_ptr<Program> program_ = std::make_unique<Program>();
  std::unordered_map<std::string, NodeIndex> at_pointer_;
  std::vector<NodeIndex> current_;
  std::vector<PendingReference> references_;
  Patterns patterns_;
};

std::span<const Compiler::Keyword> Compiler::keywords() noexcept {
  static constexpr Keyword kKeywords[] = {
      {"$schema", &Compiler::dialect},
      {"$id", &Compiler::id},
      {"$comment", &Compiler::text_annotation, true},
      {"$defs", &Compiler::definitions, true},
      {"definitions", &Compiler::definitions, true},
      {"$ref", &Compiler::ref, true},
      {"title", &Compiler::text_annotation, true},
      {"description", &Compiler::text_annotation, true},
      {"default", &Compiler::annotation, true},
      {"examples", &Compiler::annotation, true},
      {"deprecated", &Compiler::flag_annotation, true},
      {"readOnly", &Compiler::flag_annotation, true},
      {"writeOnly", &Compiler::flag_annotation, true},
      {"type", &Compiler::type},
      {"enum", &Compiler::enumeration},
      {"const", &Compiler::constant},
      {"format", &Compiler::format},
      {"pattern", &Compiler::pattern},
      {"minLength", &Compiler::count<&Node::min_length>},
      {"maxLength", &Compiler::count<&Node::max_length>},
      {"minimum", &Compiler::bound<&NumberRule::minimum>},
      {"maximum", &Compiler::bound<&NumberRule::maximum>},
      {"exclusiveMinimum", &Compiler::bound<&NumberRule::exclusive_minimum>},
      {"exclusiveMaximum", &Compiler::bound<&NumberRule::exclusive_maximum>},
      {"multipleOf", &Compiler::multiple_of},
      {"items", &Compiler::items},
      {"minItems", &Compiler::count<&Node::min_items>},
      {"maxItems", &Compiler::count<&Node::max_items>},
      {"uniqueItems", &Compiler::unique_items},
      {"properties", &Compiler::properties},
      {"required", &Compiler::required},
      {"additionalProperties", &Compiler::additional_properties},
      {"minProperties", &Compiler::count<&Node::min_properties>},
      {"maxProperties", &Compiler::count<&Node::max_properties>},
      {"anyOf", &Compiler::any_of},
      {"x-personal", &Compiler::personal},
      {"x-key", &Compiler::key},
      {"x-field-number", &Compiler::field_number},
      {"x-cast", &Compiler::cast, true},
  };
  return kKeywords;
}

}  // namespace

Schema::Schema(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Schema::~Schema() = default;
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;

Result<Schema> Schema::compile(std::string_view name, std::string_view text) {
  UE_TRY_ASSIGN(auto program, Compiler(name).run(text));
  return Schema(std::make_unique<const Impl>(Impl{std::move(*program)}));
}

}  // namespace user_events::catalogue
