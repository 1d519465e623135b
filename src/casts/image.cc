#include "casts/image.h"

#include <utility>
#include <vector>

#include "base/json_text.h"
#include "catalogue/dom.h"

namespace user_events::casts {
namespace {

using namespace catalogue;  // nodes, type bits, DOM helpers
using simdjson::dom::element;

constexpr std::string_view kSource = "/$defs/source";  // where the source's own schema stands in the image

std::string reference(std::string_view target) {
  std::string encoded = "#";
  encoded += kSource;
  for (const char c : target) c == '%' ? void(encoded += "%25") : void(encoded += c);
  std::string out = R"({"$ref":)";
  base::append_json_string(encoded, out);
  return out += '}';
}

class Image {
 public:
  Image(const Plan& plan, const Program& source) : plan_(plan), source_(source) {}

  std::string run(const element& schema) {
    out_ = R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)";
    append_step(plan_.steps[plan_.root]);
    out_ += R"(,"$defs":{"source":)";
    copy(schema);
    return std::move(out_) + "}}";
  }

 private:
  void append_value(NodeIndex node, PlanIndex inner) {
    if (inner == kNoPlan) return void(out_ += reference(source_.nodes[node].pointer));
    out_ += '{';
    append_step(plan_.steps[inner]);
    out_ += '}';
  }

  // The members of a schema, without braces.
  void append_step(const Step& step) {
    const Node& node = source_.nodes[step.source];
    append_types(node.types);
    if (!step.is_array) return append_object(node, step);
    out_ += R"(,"minItems":)" + std::to_string(node.min_items);
    if (node.max_items != kUnlimited) out_ += R"(,"maxItems":)" + std::to_string(node.max_items);
    out_ += R"(,"items":)";
    append_value(node.items, step.items);
  }

  void append_types(TypeMask types) {
    struct Name {
      TypeMask mask;
      const char* name;
    };
    static constexpr Name kNames[] = {{kNull, "null"},     {kBoolean, "boolean"}, {kInteger, "integer"}, {kFraction, "number"},
                                      {kString, "string"}, {kArray, "array"},     {kObject, "object"}};
    out_ += R"("type":[)";
    for (bool first = true; const auto& [mask, name] : kNames) {
      if ((types & mask) == 0) continue;
      out_ += std::string(first ? "\"" : ",\"") + name + "\"";
      first = false;
    }
    out_ += ']';
  }

  void append_object(const Node& node, const Step& step) {
    std::vector<const Change*> changes(node.properties.size(), nullptr);
    for (const Change& change : step.changes) changes[change.property] = &change;
    const auto name_of = [&](std::uint32_t i) -> const std::string& {
      return changes[i] == nullptr ? node.properties[i].name : changes[i]->name;
    };
    std::string required;
    std::vector<bool> is_met(step.fills.size());
    out_ += R"(,"properties":{)";
    bool first = true;
    const auto begin_member = [&](const std::string& name) {
      if (!first) out_ += ',';
      first = false;
      base::append_json_string(name, out_);
      out_ += ':';
    };
    const auto require = [&](const std::string& name) {
      if (!required.empty()) required += ',';
      base::append_json_string(name, required);
    };
    for (std::uint32_t i = 0; i < node.properties.size(); ++i) {
      const Property& property = node.properties[i];
      if (name_of(i).empty()) continue;
      const std::uint32_t fill = changes[i] == nullptr ? kNoFill : changes[i]->fill;
      if (property.required || fill != kNoFill) require(name_of(i));
      if (property.node == kNoNode) continue;
      begin_member(name_of(i));
      if (fill != kNoFill) out_ += R"({"anyOf":[{"const":)" + step.fills[fill].value + "},";
      append_value(property.node, changes[i] == nullptr ? kNoPlan : changes[i]->inner);
      if (fill != kNoFill) out_ += "]}";
      if (fill != kNoFill) is_met[fill] = true;
    }
    for (std::size_t i = 0; i < step.fills.size(); ++i) {
      if (is_met[i]) continue;
      begin_member(step.fills[i].name);
      out_ += R"({"const":)" + step.fills[i].value + "}";
      require(step.fills[i].name);
    }
    out_ += R"(},"required":[)" + required + "]";
    if (node.closed) out_ += R"(,"additionalProperties":false)";
    if (node.additional != kNoNode) out_ += R"(,"additionalProperties":)" + reference(source_.nodes[node.additional].pointer);
    append_alternatives(node, name_of);
  }

  // Of sets of members one must be complete; what was left out of a set cannot be asked for.
  template <class NameOf>
  void append_alternatives(const Node& node, const NameOf& name_of) {
    std::string sets;
    for (const std::uint64_t set : node.one_required) {
      std::string names;
      for (std::uint32_t i = 0; i < node.properties.size() && i < 64; ++i) {
        if ((set >> i & 1U) == 0 || name_of(i).empty()) continue;
        if (!names.empty()) names += ',';
        base::append_json_string(name_of(i), names);
      }
      if (names.empty()) return;
      sets += (sets.empty() ? R"({"required":[)" : R"(,{"required":[)") + names + "]}";
    }
    if (!sets.empty()) out_ += R"(,"anyOf":[)" + sets + "]";
  }

  // The source's text below kSource, with its references led there.
  // `is_names`: its members are named by the file, and are no keywords.
  void copy(const element& value, bool is_names = false) {
    if (value.is_array()) {
      out_ += '[';
      for (bool first = true; const auto item : array_in(value)) {
        if (!std::exchange(first, false)) out_ += ',';
        copy(item);
      }
      out_ += ']';
    } else if (value.is_object()) {
      out_ += '{';
      for (bool first = true; const auto field : object_in(value)) {
        const std::string_view name = field.key;
        if (!is_names && (name == "$schema" || name == "$id" || name == "x-cast")) continue;
        if (!std::exchange(first, false)) out_ += ',';
        base::append_json_string(name, out_);
        out_ += ':';
        const bool is_data = !is_names && (name == "enum" || name == "const" || name == "default" || name == "examples");
        if (!is_names && name == "$ref" && field.value.is_string() && text_in(field.value).starts_with('#'))
          base::append_json_string("#" + std::string(kSource) + std::string(text_in(field.value).substr(1)), out_);
        else if (is_data)
          out_ += simdjson::minify(field.value);
        else
          copy(field.value, !is_names && (name == "properties" || name == "$defs" || name == "definitions"));
      }
      out_ += '}';
    } else {
      out_ += simdjson::minify(value);
    }
  }

  const Plan& plan_;
  const Program& source_;
  std::string out_;
};

}  // namespace

std::string image_of(const Plan& plan, const Program& source, const element& schema) {
  return Image(plan, source).run(schema);
}

}  // namespace user_events::casts
