// Event types whose schemas mix all that the profile has (`$ref` with keywords beside it, `anyOf`, open and closed objects, classes from around),
// data that fits them, and two promises: a value that a schema calls personal is not in what a policy leaves, unless the policy shows that class, and what is left fits the
// derived schema.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "catalogue/event_type.h"
#include "policy/derived_types.h"
#include "policy/plan.h"
#include "policy/redactor.h"
#include "schemas/encoder.h"

namespace user_events::policy::test {

/// A stream of bytes, read as choices; zeros behind its end.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : rest_(bytes) {}
  std::size_t below(std::size_t limit) {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % limit;
  }
  bool maybe(std::size_t one_in) { return below(one_in) == 1; }

 private:
  std::string_view rest_;
};

inline constexpr std::array<std::string_view, 5> kCanaryClasses = {"none", "email", "name", "birth", "free-text"};
inline constexpr std::array<std::string_view, 4> kCanaryNames = {"a", "b", "c/d", "e~"};

class SchemaMaker {
 public:
  explicit SchemaMaker(Choices& choices) : choices_(choices) {}

  std::string run() {
    std::string out = R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:user.made:1","title":"Made","type":"object")";
    out += R"(,"properties":{"userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user","x-field-number":1},"f":)" + numbered(2, schema(0, 3)) + R"(,"g":)" + numbered(3, schema(0, 3)) + "}";
    out += R"(,"required":["userId"],"additionalProperties":)" + (choices_.maybe(3) ? schema(0, 2) : "false") + in_place(0, 3) + R"(,"$defs":{)";
    for (std::size_t i = 0; i < kDefinitions; ++i) out += (i == 0 ? "\"d" : ",\"d") + std::to_string(i) + "\":" + schema(i + 1, 2);
    return out + "}}";
  }

 private:
  static constexpr std::size_t kDefinitions = 3;
  /// Not twice in a schema: then it is none, and the choices make no event.
  static constexpr std::array<std::string_view, 12> kRules = {
      R"("minLength":3)",  R"("maxLength":9)",      R"("pattern":"^x")",       R"("minimum":1)",          R"("maximum":99000000)", R"("minItems":1)",
      R"("maxItems":9)",   R"("uniqueItems":true)", R"("minProperties":1)",    R"("required":["a"])",     R"("required":["c/d"])", R"("examples":["x1"])"};

  static std::string numbered(std::size_t number, const std::string& schema) {
    if (schema.front() != '{') return schema;
    return "{\"x-field-number\":" + std::to_string(number) + (schema == "{}" ? "" : ",") + schema.substr(1);
  }

  /// Refers to no definition before the one of that number.
  std::string schema(std::size_t from, std::size_t depth) {  // NOLINT(misc-no-recursion)
    std::string out;
    const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : ",") + text; };
    if (choices_.maybe(2)) add("\"x-personal\":\"" + std::string(kCanaryClasses[choices_.below(kCanaryClasses.size())]) + '"');
    switch (choices_.below(depth == 0 ? 2 : 6)) {
      case 0: add(R"("type":"string")"); break;
      case 1: add(choices_.maybe(2) ? R"("type":["integer","string"])" : R"("type":["string","null"])"); break;
      case 2:
      case 3: add(members(from, depth)); break;
      case 4: add(R"("type":"array","items":)" + schema(from, depth - 1)); break;
      default: break;  // any type
    }
    for (std::size_t i = choices_.below(4); i > 1; --i) add(std::string(kRules[choices_.below(kRules.size())]));
    out += in_place(from, depth);
    if (out.starts_with(',')) out.erase(0, 1);
    return '{' + out + '}';
  }

  std::string members(std::size_t from, std::size_t depth) {  // NOLINT(misc-no-recursion)
    std::string out = choices_.maybe(2) ? R"("type":"object","properties":{)" : R"("properties":{)";
    const std::size_t count = choices_.below(kCanaryNames.size());
    for (std::size_t i = 0; i < count; ++i) {
      std::string name;
      base::append_json_string(kCanaryNames[i], name);
      out += (i == 0 ? "" : ",") + name + ':';
      out += choices_.maybe(24) ? "false" : numbered(i + 1, schema(from, depth - 1));
    }
    out += '}';
    switch (choices_.below(3)) {
      case 0: return out + R"(,"additionalProperties":false)";
      case 1: return out + R"(,"additionalProperties":)" + schema(from, depth - 1);
      default: return out;
    }
  }

  /// What else applies to the same value.
  std::string in_place(std::size_t from, std::size_t depth) {  // NOLINT(misc-no-recursion)
    std::string out;
    if (from < kDefinitions && choices_.maybe(3)) out += R"(,"$ref":"#/$defs/d)" + std::to_string(from + choices_.below(kDefinitions - from)) + '"';
    if (depth > 1 && choices_.maybe(4)) out += R"(,"anyOf":[)" + schema(from, depth - 1) + ',' + schema(from, depth - 1) + ']';
    return out;
  }

  Choices& choices_;
};

/// One value of the data: what is unique in it, and the classes that schemas give it.
struct Canary {
  std::string text;
  std::set<std::string> said, around;
};

/// Data that tries to fit a schema, and what the schema says of each value in it.
class DataMaker {
 public:
  DataMaker(const simdjson::dom::element& root, Choices& choices) : root_(root), choices_(choices) {}

  std::string run() {
    std::string out = R"({"userId":"u")";
    for (const std::string_view name : {"f", "g", "other"}) {
      std::string value;
      append(below({{root_, ""}}, name), 4, value);
      if (!value.empty()) out += ",\"" + std::string(name) + "\":" + value;
    }
    return out + '}';
  }
  [[nodiscard]] const std::vector<Canary>& canaries() const { return canaries_; }

 private:
  struct Applied {
    simdjson::dom::element schema;
    std::string around;
    bool is_free = false;   ///< No schema speaks of it; `around` is all that is known.
    std::string given = {};  ///< By a reference that says no more than a class: instead of its own.
    [[nodiscard]] std::string own() const {
      std::string_view own;
      if (!given.empty() || is_free || !schema.is_object() || schema["x-personal"].get(own) != simdjson::SUCCESS) return given;
      return std::string(own);
    }
    [[nodiscard]] std::string klass() const { return own().empty() ? around : own(); }
    [[nodiscard]] bool is_alias() const {
      if (is_free || !schema.is_object() || schema["$ref"].error() != simdjson::SUCCESS) return false;
      const simdjson::dom::object members = schema.get_object().value();
      return std::ranges::all_of(members, [](const auto& each) { return each.key == "$ref" || each.key == "examples" || each.key.starts_with("x-"); });
    }
  };
  using All = std::vector<Applied>;

  /// Those, and what they refer to.
  [[nodiscard]] All in_place(const All& given) const {  // NOLINT(misc-no-recursion)
    All out;
    for (const Applied& each : given) {
      std::string_view reference;
      if (each.is_alias() && each.schema["$ref"].get(reference) == simdjson::SUCCESS) {
        take({{root_.at_pointer(reference.substr(1)).value(), each.around, false, each.own()}}, out);
        continue;
      }
      out.push_back(each);
      if (each.is_free || !each.schema.is_object()) continue;
      if (each.schema["$ref"].get(reference) == simdjson::SUCCESS) take({{root_.at_pointer(reference.substr(1)).value(), each.klass()}}, out);
      simdjson::dom::array branches;
      if (each.schema["anyOf"].get(branches) == simdjson::SUCCESS)
        for (const auto branch : branches) take({{branch, each.klass()}}, out);
    }
    return out;
  }
  void take(const All& given, All& out) const {  // NOLINT(misc-no-recursion)
    const All more = in_place(given);
    out.insert(out.end(), more.begin(), more.end());
  }

  static bool can_be(const simdjson::dom::element& schema, std::string_view type) {
    simdjson::dom::element given;
    std::string_view text;
    return schema["type"].get(given) != simdjson::SUCCESS || (given.get(text) == simdjson::SUCCESS && text == type);
  }

  /// What is said of a member, or of an item if it has no name.
  [[nodiscard]] All below(const All& given, std::string_view name) const {
    All said, free;
    for (const Applied& each : in_place(given)) {
      simdjson::dom::element found;
      if (each.is_free) {
        free.push_back(each);
        continue;
      }
      if (!each.schema.is_object() || !can_be(each.schema, name.empty() ? "array" : "object")) continue;
      const bool is_there = name.empty() ? each.schema["items"].get(found) == simdjson::SUCCESS
                                         : each.schema["properties"][name].get(found) == simdjson::SUCCESS ||
                                               each.schema["additionalProperties"].get(found) == simdjson::SUCCESS;
      if (!is_there)
        free.push_back({each.schema, each.klass(), true});
      else if (found.is_object())
        said.push_back({found, each.klass()});
    }
    return said.empty() ? free : said;
  }

  /// Nothing if there should be none.
  void append(const All& given, std::size_t depth, std::string& out) {  // NOLINT(misc-no-recursion)
    if (given.empty() || choices_.maybe(6)) return;
    if (choices_.maybe(12)) return void(out += "null");
    std::set<std::string_view> types;
    for (const Applied& each : in_place(given))
      if (std::string_view type; !each.is_free && each.schema.is_object() && each.schema["type"].get(type) == simdjson::SUCCESS) types.insert(type);
    constexpr std::array<std::string_view, 6> kTypes = {"string", "object", "array", "integer", "string", "object"};
    const std::string_view type = types.empty() ? kTypes[choices_.below(kTypes.size())] : *std::next(types.begin(), static_cast<std::ptrdiff_t>(choices_.below(types.size())));
    if (depth > 0 && type == "object") return append_object(given, depth, out);
    if (depth > 0 && type == "array") return append_array(given, depth, out);
    append_value(given, type == "integer", out);
  }

  void append_object(const All& given, std::size_t depth, std::string& out) {  // NOLINT(misc-no-recursion)
    const std::size_t begin = out.size();
    for (const std::string_view name : kCanaryNames) {
      std::string value;
      append(below(given, name), depth - 1, value);
      if (!value.empty()) out += (out.size() == begin ? "" : ",") + base::member_prefix(name) + value;
    }
    out.insert(begin, "{").append("}");
  }

  void append_array(const All& given, std::size_t depth, std::string& out) {  // NOLINT(misc-no-recursion)
    const std::size_t begin = out.size();
    for (std::size_t i = choices_.below(3); i > 0; --i) {
      std::string value;
      append(below(given, {}), depth - 1, value);
      if (!value.empty()) out += (out.size() == begin ? "" : ",") + value;
    }
    out.insert(begin, "[").append("]");
  }

  void append_value(const All& given, bool is_number, std::string& out) {
    Canary canary{std::to_string(9'000'000 + canaries_.size()), {}, {}};
    for (const Applied& each : in_place(given)) {
      if (!each.own().empty()) canary.said.insert(each.own());
      if (!each.around.empty()) canary.around.insert(each.around);
    }
    out += is_number ? canary.text : "\"x" + canary.text + '"';
    canaries_.push_back(std::move(canary));
  }

  const simdjson::dom::element root_;
  Choices& choices_;
  std::vector<Canary> canaries_;
};

/// Nothing of what it is given is in what it writes.
class Blind final : public Substitutes {
 public:
  void append_token(std::string_view, std::string& out) override { out += "tok1_"; }
  bool append_encrypted(std::string_view, std::string_view, std::string& out) override {
    out += "enc1.";
    return true;
  }
};

struct CanaryResult {
  std::size_t hidden = 0;  ///< Values that had to be hidden, and were.
  std::string broken;      ///< Not empty: how the promise does not hold.
};

/// Whether data goes into an encoding after its type; why not.
inline std::string unencodable(const catalogue::EventType& type, schemas::Encoding encoding, const std::string& data) {
  const auto model = schemas::make_model(type);
  if (!model) return describe(model.error());
  auto encoder = schemas::Encoder::compile(*model, encoding);
  if (!encoder) return describe(encoder.error());
  std::string binary;
  const auto encoded = encoder->encode(data, binary);
  return encoded ? std::string() : describe(encoded.error());
}

/// How what is left of data does not fit the derived schema, or an encoding that the published data fits; empty: it does.
inline std::string misfit(const catalogue::EventType& type, const std::string& data, const catalogue::EventType& derived, const std::string& left) {
  simdjson::dom::parser parser;
  std::vector<FieldError> findings;
  if (derived.schema_text.find("\"properties\"") == std::string::npos) return "there is no derived schema";
  if (!derived.schema.validate(parser.parse(left), findings)) return "not valid at " + findings.front().pointer;
  for (const auto encoding : {schemas::Encoding::avro, schemas::Encoding::protobuf})
    if (const std::string why = unencodable(derived, encoding, left); !why.empty() && unencodable(type, encoding, data).empty()) return why;
  return {};
}

/// Nothing: the choices make no valid event.
inline std::optional<CanaryResult> release_canaries(std::string_view bytes, const catalogue::Catalogue& known) {
  Choices choices(bytes);
  PrivacyPolicyOptions settings;
  for (const std::string_view klass : {"email", "name", "birth"})
    settings[std::string(klass)] = std::array<std::string_view, 6>{"omit", "clear", "token", "encrypt", "mask", "clear"}[choices.below(6)];
  const std::string schema = SchemaMaker(choices).run();
  const auto type = catalogue::make_event_type("made", "user.made", 1, schema);
  if (!type) return std::nullopt;
  simdjson::dom::parser schema_parser, data_parser;
  const simdjson::dom::element root = schema_parser.parse(schema);
  DataMaker maker(root, choices);
  const std::string text = maker.run();
  std::string data, out;
  std::vector<FieldError> findings;
  if (!(*type)->schema.normalise(data_parser.parse(text), {}, "", data, findings)) return std::nullopt;

  const auto policy = PrivacyPolicy::parse(settings);
  const Plan plan = make_plan((*type)->places, *policy, std::make_shared<const KnownNames>(KnownNames::gather(known, *policy)));
  Blind blind;
  CanaryResult result;
  if (!Redactor().run(plan, data, blind, out)) result.broken = "data of a valid event is in the standard form";
  const auto derived = derive_type(**type, plan);
  if (const std::string why = misfit(**type, data, *derived, out); !why.empty()) result.broken = why + ": " + schema + " became " + derived->schema_text + ", " + data + " became " + out;
  for (const Canary& canary : maker.canaries()) {
    const auto& classes = canary.said.empty() ? canary.around : canary.said;
    if (std::ranges::all_of(classes, [&](const std::string& klass) { return policy->of(klass) == Action::clear; })) continue;
    ++result.hidden;
    if (out.find(canary.text) != std::string::npos) result.broken = canary.text + " is hidden: " + schema + " of " + data + " left " + out;
  }
  return result;
}

}  // namespace user_events::policy::test
