// Schema files that want more time, memory or stack than they get: each is refused with its file and the place, or loads in good time.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>

#include "catalogue/event_type.h"
#include "support.h"

namespace user_events::catalogue {
namespace {

/// Generous: what is refused or loaded here takes some milliseconds; what nobody bounds takes minutes, or all memory.
constexpr std::chrono::seconds kGoodTime{20};
constexpr long kGoodMemoryKib = 256 * 1'024;

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

std::string event_text(const std::string& properties, const std::string& more = "") {
  return fmt::format(
      R"({{"$id":"urn:user-events:schema:user.rated:1","title":"User rated","type":"object","properties":{{
          "userId":{{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user"}}{}}},"required":["userId"],"additionalProperties":false{}}})",
      properties, more);
}

/// Empty: it is taken.
std::string refusal_of(const std::string& text, std::string_view pointer = "") {
  const long before = peak_kib();
  const auto start = std::chrono::steady_clock::now();
  const auto made = make_event_type("user.rated/1.json", "user.rated", 1, text);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kGoodTime);
  EXPECT_LT(peak_kib() - before, kGoodMemoryKib);
  if (made) return "";
  EXPECT_EQ(made.error().kind, ErrorKind::usage);
  EXPECT_LT(made.error().message.size(), 2'000u);
  EXPECT_TRUE(made.error().message.starts_with(fmt::format("user.rated/1.json: at \"{}", pointer))) << made.error().message;
  return made.error().message;
}

void expect_refused(const std::string& text, std::string_view pointer, std::string_view reason) {
  const std::string message = refusal_of(text, pointer);
  EXPECT_NE(message.find(reason), std::string::npos) << message;
}

TEST(HostileSchema, LongChainsOfFieldsByReferenceAreCutOff) {
  std::string definitions = R"("d9000":{"type":"integer"})";
  for (int i = 0; i < 9'000; ++i)
    definitions += fmt::format(R"(,"d{}":{{"type":"object","additionalProperties":false,"properties":{{"a":{{"$ref":"#/$defs/d{}"}}}}}})", i, i + 1);
  expect_refused(event_text(R"(,"a":{"$ref":"#/$defs/d0"})", ",\"$defs\":{" + definitions + "}"), "/$defs/d", "nested more than 64 deep");
}

TEST(HostileSchema, CirclesOfReferencesAreRefused) {
  expect_refused(event_text(R"(,"a":{"$ref":"#/properties/a"})"), "/properties/a", "refers to itself");
  expect_refused(event_text(R"(,"a":{"$ref":"#"})"), "", "may not contain itself");
  expect_refused(event_text(R"(,"a":{"type":"array","items":{"$ref":"#/$defs/b"}})",
                            R"(,"$defs":{"b":{"type":"object","additionalProperties":{"$ref":"#/$defs/b"}}})"),
                 "/$defs/b", "may not contain itself");
}

TEST(HostileSchema, PatternsThatGrowAreRefused) {
  for (const std::string_view pattern : {R"(\\p{L}{1000})", R"((\\p{L}{100}){10})", R"(((a{30}){30}){30})", R"((x+x+)+y{1001})"})
    expect_refused(event_text(fmt::format(R"(,"a":{{"type":"string","x-personal":"none","pattern":"{}"}})", pattern)), "/properties/a/pattern",
                   "the pattern is not supported");
}

TEST(HostileSchema, ManyPatternsAreCutOff) {
  const auto with = [](int count, std::string_view pattern) {
    std::string fields;
    for (int i = 0; i < count; ++i)
      fields += fmt::format(R"(,"f{}":{{"type":"string","x-personal":"none","pattern":"{}{}"}})", i, i, pattern);
    return event_text(fields);
  };
  EXPECT_EQ(refusal_of(with(1'000, "[a-z]{2,8}")), "");
  expect_refused(with(1'001, "x"), "/properties/f1000/pattern", "more than 1000 different patterns");
  expect_refused(with(900, R"([a-z]{900})"), "/properties/f", "steps together");
}

TEST(HostileSchema, APatternThatStandsAtManyFieldsCountsOnce) {
  std::string fields;
  for (int i = 0; i < 5'000; ++i)
    fields += fmt::format(R"(,"f{}":{{"type":"string","x-personal":"none","pattern":"^[A-Z]{{2,900}}$"}})", i);
  EXPECT_EQ(refusal_of(event_text(fields)), "");
}

TEST(HostileSchema, AMatchOfAHostilePatternIsLinearInTheText) {
  const Schema schema = test::compile(R"({"type":"string","pattern":"^(([a-z])+.)+[A-Z]([a-z])+$"})");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(test::valid(schema, "\"" + std::string(200'000, 'a') + "\""));
  EXPECT_LT(std::chrono::steady_clock::now() - start, kGoodTime);
}

TEST(HostileSchema, TenThousandFieldsOfAnEventTypeLoad) {
  std::string fields, derived;
  for (int i = 0; i < 10'000; ++i)
    fields += fmt::format(R"(,"f{}":{{"type":"string","x-personal":"none","x-field-number":{}}})", i, i < 18'000 ? i + 1 : i + 2'001);
  EXPECT_EQ(refusal_of(event_text(fields)), "");
  for (int i = 0; i < 5'000; ++i)
    derived += fmt::format(R"(,"f{}":{{"type":"array","x-personal":"none","x-derived":"keys-of:/missing"}})", i);
  expect_refused(event_text(derived), "/properties/f0/x-derived", "keys-of");
  derived.clear();
  for (int i = 0; i < 5'000; ++i)
    derived += fmt::format(R"(,"f{}":{{"type":"array","x-personal":"none","x-derived":"keys-of:/changes"}})", i);
  EXPECT_EQ(refusal_of(event_text(derived + R"(,"changes":{"type":"object","x-personal":"free-text"})")), "");
}

TEST(HostileSchema, NumbersUsedTwiceAreNamedAlsoAmongTenThousand) {
  std::string fields;
  for (int i = 0; i < 10'000; ++i) fields += fmt::format(R"(,"f{}":{{"type":"integer","x-field-number":{}}})", i, i == 9'999 ? 1 : i + 1);
  expect_refused(event_text(fields), "/properties/f9999/x-field-number", "another field has this number");
}

TEST(HostileSchema, LongListsLoad) {
  std::string values = "0", branches = R"({"required":["f0"]})";
  for (int i = 1; i < 50'000; ++i) values += fmt::format(",{}", i);
  EXPECT_EQ(refusal_of(event_text(R"(,"a":{"type":"integer","enum":[)" + values + "]}")), "");
  for (int i = 0; i < 10'000; ++i) branches += fmt::format(R"(,{{"required":["f{}"]}})", i);
  EXPECT_EQ(refusal_of(event_text("", ",\"anyOf\":[" + branches + "]")), "");
}

TEST(HostileSchema, DeepTextIsRefusedNotFollowed) {
  for (const std::string_view part : {R"({"items":)", R"({"anyOf":[)", R"({"properties":{"a":)"}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += part;
    expect_refused(text, "", "");
  }
}

}  // namespace
}  // namespace user_events::catalogue
