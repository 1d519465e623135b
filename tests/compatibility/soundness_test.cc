// Random schemas and values: where one version is said to read another's data, no value that the one takes is
// refused by the other. The judge is the catalogue's validator, which the official JSON Schema test suite
// judges in turn.
#include <simdjson.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "catalogue/catalogue.h"
#include "compatibility/support.h"
#include "support/seeded_random.h"

namespace user_events::compatibility {
namespace {

constexpr int kPairs = 30'000;
constexpr int kValues = 400;
constexpr int kWorthwhile = 3'000;  // pairs that must have been found compatible, or the test shows nothing

std::uint64_t seed_of_run() {
  if (const char* given = std::getenv("UE_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::string value(int depth) {
    static constexpr const char* kScalars[] = {"null",  "true",   "false",   "0",        "1",
                                               "2",     "3",      "-1",      "1.5",      "6",
                                               R"("")", R"("a")", R"("ab")", R"("abc")", R"("b")"};
    const auto kind = depth == 0 ? 0 : pick(4);
    if (kind < 2) return kScalars[pick(std::size(kScalars))];
    std::string out;
    if (kind == 2) {
      for (auto i = pick(4); i-- > 0;) out += (out.empty() ? "" : ",") + value(depth - 1);
      return "[" + out + "]";
    }
    for (const char* name : {"a", "b", "c"})
      if (pick(2) == 0) out += (out.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value(depth - 1);
    return "{" + out + "}";
  }

  // The root of two schemas that are alike but for a few keywords.
  std::pair<std::string, std::string> pair() {
    const std::uint64_t shape = random_.below(UINT64_MAX);
    return {"{" + variant(shape) + "}", "{" + variant(shape) + "}"};
  }

 private:
  std::uint64_t pick(std::uint64_t bound) { return random_.below(bound); }

  std::string variant(std::uint64_t shape) {
    test::SeededRandom same(shape);
    return definitions(same) + members(same, 3);
  }

  // Recursive, through `r`.
  std::string definitions(test::SeededRandom& same) {
    return R"("$defs":{"r":{"properties":{"a":{"$ref":"#/$defs/r"},"b":{)" + members(same, 0) + "}}}},";
  }

  bool keeps() { return pick(6) != 0; }
  // A number that is mostly the same in both variants.
  std::uint64_t number(test::SeededRandom& same, std::uint64_t bound) {
    const auto common = same.below(bound);
    return keeps() ? common : pick(bound);
  }

  std::string members(test::SeededRandom& same, int depth) {
    std::string out = R"("title":"t")";
    const auto kind = number(same, 9);
    static constexpr const char* kTypes[] = {"object", "array",   "string", "integer",
                                             "number", "boolean", "null"};
    if (number(same, 3) != 0 && kind < std::size(kTypes))
      out += std::string(R"(,"type":")") + kTypes[kind] + '"';
    if (kind == 8) out += R"(,"type":["string","integer","null"])";
    const auto add = [&](const char* keyword, std::uint64_t bound) {
      if (number(same, 3) == 0)
        out += std::string(",\"") + keyword + "\":" + std::to_string(number(same, bound));
    };
    if (kind == 2 || kind == 8) add("minLength", 3), add("maxLength", 4);
    if (kind == 3 || kind == 4 || kind == 8) add("minimum", 3), add("exclusiveMaximum", 5);
    if ((kind == 3 || kind == 4) && number(same, 3) == 0)
      out += R"(,"multipleOf":)" + std::to_string(1 + number(same, 3));
    if (kind == 2 && number(same, 3) == 0)
      out += number(same, 2) == 0 ? R"(,"pattern":"^a")" : R"(,"pattern":"b")";
    if (number(same, 6) == 0)
      out += std::string(R"(,"enum":["a",1)") + (number(same, 2) == 0 ? ",\"abc\"" : "") +
             (number(same, 2) == 0 ? ",null,1.5" : "") + (number(same, 3) == 0 ? R"(,{"a":1})" : "") + "]";
    if (depth == 0) return out;
    if (number(same, 8) == 0) out += R"(,"$ref":"#/$defs/r")";
    if (kind == 1) {
      add("minItems", 2), add("maxItems", 4);
      if (number(same, 3) == 0) out += R"(,"uniqueItems":true)";
      out += R"(,"items":{)" + members(same, depth - 1) + "}";
    }
    if (kind == 0 || kind == 7) out += object_members(same, depth);
    if (number(same, 5) == 0) {
      out += R"(,"anyOf":[{)" + members(same, depth - 1) + "},{" + members(same, depth - 1) + "}";
      out += (number(same, 3) == 0 ? ",{" + members(same, 0) + "}]" : "]");
    }
    return out;
  }

  std::string object_members(test::SeededRandom& same, int depth) {
    std::string out, listed;
    for (const char* name : {"a", "b", "c"})
      if (number(same, 3) != 0)
        listed +=
            (listed.empty() ? "\"" : ",\"") + std::string(name) + "\":{" + members(same, depth - 1) + "}";
    out += R"(,"properties":{)" + listed + "}";
    if (number(same, 3) == 0)
      out += R"(,"required":["a")" + std::string(number(same, 2) == 0 ? ",\"b\"]" : "]");
    if (number(same, 2) == 0)
      out += number(same, 3) == 0 ? R"(,"additionalProperties":{)" + members(same, 0) + "}"
                                  : R"(,"additionalProperties":false)";
    if (number(same, 4) == 0) out += R"(,"minProperties":)" + std::to_string(number(same, 3));
    if (number(same, 4) == 0) out += R"(,"maxProperties":)" + std::to_string(1 + number(same, 3));
    return out;
  }

  test::SeededRandom random_;
};

TEST(Soundness, WhatIsCompatibleIsNeverRefused) {
  const std::uint64_t seed = seed_of_run();
  std::cout << "seed " << seed << " (UE_SEED=" << seed << " replays it)\n";
  Maker maker(seed);
  std::vector<std::string> texts;
  for (int i = 0; i < kValues; ++i) texts.push_back(maker.value(3));
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "[" : ",") + text;
  simdjson::dom::parser parser;
  const simdjson::dom::array values = parser.parse(all + "]");
  int compatible = 0, differing = 0;
  std::uint64_t taken = 0;
  for (int i = 0; i < kPairs; ++i) {
    const auto [older, newer] = maker.pair();
    const auto writer = catalogue::Schema::compile("old", older),
               reader = catalogue::Schema::compile("new", newer);
    ASSERT_TRUE(writer && reader) << older << "\n" << newer;
    const auto findings = compare_json({"new", newer}, {"old", older});
    ASSERT_TRUE(findings) << describe(findings.error()) << "\n" << older << "\n" << newer;
    if (has_errors(*findings)) continue;
    ++compatible;
    differing += older != newer ? 1 : 0;
    for (const auto value : values) {
      std::vector<FieldError> ignored;
      if (!writer->validate(value, ignored)) continue;
      ++taken;
      ASSERT_TRUE(reader->validate(value, ignored)) << "seed " << seed << "\nold " << older << "\nnew "
                                                    << newer << "\nvalue " << simdjson::minify(value);
    }
  }
  std::cout << kPairs << " pairs, " << compatible << " compatible, " << differing << " of them different; "
            << taken << " values read\n";
  EXPECT_GE(differing, kWorthwhile);
}

}  // namespace
}  // namespace user_events::compatibility
