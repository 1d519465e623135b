// Fields that more than one schema speaks of: what one of them calls personal does not go out in clear because another one does not.
#include "policy/redactor.h"

#include "canaries.h"
#include "support.h"
#include "support/temporary_directory.h"

namespace user_events::policy::test {
namespace {

/// What the others leave of `field`, a schema, of user.shaped.
std::string shown(std::string_view field, std::string_view value, const PrivacyPolicyOptions& policy = {{"others", "omit"}, {"user-id", "clear"}}) {
  const user_events::test::TemporaryDirectory folder;
  folder.write("user.shaped/1.json", R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:user.shaped:1","title":"Shaped",
      "type":"object","additionalProperties":false,"required":["userId"],"properties":{"userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user"},
      "f":)" + std::string(field) + R"(},"$defs":{
      "person":{"type":"object","additionalProperties":false,"properties":{"mail":{"type":"string","x-personal":"email"},"country":{"type":"string","x-personal":"none"},
                "age":{"type":"integer"}}},
      "mail":{"type":"string","x-personal":"email"},"word":{"type":"string","x-personal":"none"}}})");
  catalogue::Catalogue catalogue = catalogue::Catalogue::builtin().value();
  if (const auto loaded = catalogue.load_directory(folder.path()); !loaded) return describe(loaded.error());
  const catalogue::EventType& type = *catalogue.find("user.shaped");
  std::string data = R"({"userId":"u","f":)" + std::string(value) + '}', out;
  std::vector<FieldError> findings;
  if (!type.schema.validate(*catalogue::test::Document(data), findings)) return "not valid: " + findings.front().pointer + ' ' + findings.front().detail;
  const base::Live<catalogue::Catalogue> live(std::move(catalogue));
  const Plans plans(live, policy_of(policy));
  Blind blind;
  return Redactor().run(*plans.find("user.shaped", 1).value(), data, blind, out) ? out : "no standard form";
}

constexpr std::string_view kPerson = R"({"mail":"ada@b.c","country":"de","age":3})", kRedacted = R"({"userId":"u","f":{"country":"de","age":3}})";

TEST(ShapesTest, AReferenceWithKeywordsBesideItIsGoneInto) {
  EXPECT_EQ(shown(R"({"$ref":"#/$defs/person"})", kPerson), kRedacted);
  EXPECT_EQ(shown(R"({"$ref":"#/$defs/person","required":["mail"]})", kPerson), kRedacted);
  EXPECT_EQ(shown(R"({"$ref":"#/$defs/person","minProperties":1})", kPerson), kRedacted);
  EXPECT_EQ(shown(R"({"$ref":"#/$defs/person","properties":{"country":{"minLength":1,"x-personal":"none"}}})", kPerson), kRedacted);
  EXPECT_EQ(shown(R"({"type":["object","null"],"$ref":"#/$defs/person","x-personal":"none"})", kPerson), kRedacted);
  EXPECT_EQ(shown(R"({"x-personal":"none","$ref":"#/$defs/mail","minLength":1})", R"("ada@b.c")"), R"({"userId":"u"})");
}

TEST(ShapesTest, ABranchOfAnyOfIsGoneInto) {
  EXPECT_EQ(shown(R"({"x-personal":"none","type":["object","integer"],"anyOf":[{"$ref":"#/$defs/person"},{"type":"integer"}]})", kPerson), kRedacted);
  EXPECT_EQ(shown(R"({"x-personal":"none","type":["object","integer"],"anyOf":[{"$ref":"#/$defs/person"},{"type":"integer"}]})", "7"), R"({"userId":"u","f":7})");
  EXPECT_EQ(shown(R"({"x-personal":"none","type":["array","null"],"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#/$defs/person"}}]})", "[" + std::string(kPerson) + "]"),
            R"({"userId":"u","f":[{"country":"de","age":3}]})");
  EXPECT_EQ(shown(R"({"x-personal":"none","anyOf":[{"$ref":"#/$defs/word"},{"$ref":"#/$defs/person"}]})", kPerson), kRedacted);
  EXPECT_EQ(shown(R"({"x-personal":"none","anyOf":[{"$ref":"#/$defs/word"},{"$ref":"#/$defs/person"}]})", R"("red")"), R"({"userId":"u","f":"red"})");
}

TEST(ShapesTest, WhereClassesCannotBeToldApartTheStrictestCounts) {
  constexpr std::string_view kEither = R"({"x-personal":"none","anyOf":[{"$ref":"#/$defs/word"},{"$ref":"#/$defs/mail"}]})";
  EXPECT_EQ(shown(kEither, R"("red")"), R"({"userId":"u"})");
  EXPECT_EQ(shown(kEither, R"("red")", {{"name", "omit"}}), R"({"userId":"u","f":"red"})");
  EXPECT_EQ(shown(R"({"type":"string","x-personal":"name","anyOf":[{"maxLength":3},{"$ref":"#/$defs/mail"}]})", R"("ada@b.c")", {{"name", "mask"}, {"email", "token"}}),
            R"({"userId":"u","f":"tok1_"})");
  EXPECT_EQ(shown(R"({"type":"string","x-personal":"name","anyOf":[{"maxLength":3},{"$ref":"#/$defs/mail"}]})", R"("ada@b.c")", {{"others", "mask"}, {"user-id", "clear"}}),
            R"({"userId":"u","f":"***"})");
}

TEST(ShapesTest, AConditionThatNamesAFieldAgainDoesNotGiveItTheClassFromAround) {
  EXPECT_EQ(shown(R"({"type":"object","x-personal":"address","additionalProperties":false,"properties":{"kind":{"type":"string","x-personal":"none"},"line":{"type":"string"}},
                      "anyOf":[{"properties":{"kind":{"const":"home"}}},{"properties":{"kind":{"const":"work"},"line":{"maxLength":9}}}]})",
                  R"({"kind":"home","line":"1 Road"})"),
            R"({"userId":"u","f":{"kind":"home"}})");
}

TEST(ShapesTest, MembersThatNobodyNamesHaveTheClassOfWhatSaysSo) {
  EXPECT_EQ(shown(R"({"type":"object","x-personal":"none","additionalProperties":{"$ref":"#/$defs/mail"}})", R"({"x":"ada@b.c"})"), R"({"userId":"u","f":{}})");
  EXPECT_EQ(shown(R"({"type":"object","properties":{"x":{"type":"string","x-personal":"none"}},"additionalProperties":{"$ref":"#/$defs/person","minProperties":1}})",
                  R"({"x":"y","z":)" + std::string(kPerson) + "}"),
            R"({"userId":"u","f":{"x":"y","z":{"country":"de","age":3}}})");
  EXPECT_EQ(shown(R"({"type":"object","x-personal":"address","properties":{"x":{"type":"string","x-personal":"none"}}})", R"({"x":"y","z":{"deep":["road"]}})"),
            R"({"userId":"u","f":{"x":"y"}})");
  // One schema names it, the other speaks of all that it does not name.
  EXPECT_EQ(shown(R"({"type":"object","additionalProperties":{"type":"string","x-personal":"name"},"anyOf":[{"properties":{"x":{"type":"string","x-personal":"none"}}},{}]})",
                  R"({"x":"Ada"})"),
            R"({"userId":"u","f":{}})");
}

TEST(ShapesTest, ANumberOfAClassIsTreatedAlsoWhereOnlyABranchSaysTheClass) {
  EXPECT_EQ(shown(R"({"type":["integer","null"],"anyOf":[{"type":"integer","x-personal":"birth"},{"type":"null"}]})", "1815"), R"({"userId":"u"})");
}

TEST(ShapesTest, FreeTextOfAMapIsWhatItsNamesSayUnlessItsSchemaSaysAnotherClass) {
  EXPECT_EQ(shown(R"({"type":"object","x-personal":"free-text","additionalProperties":{"type":"string","x-personal":"birth"}})", R"({"status":"x"})"), R"({"userId":"u","f":{}})");
  EXPECT_EQ(shown(R"({"type":"object","x-personal":"free-text"})", R"({"status":"x","email":"ada@b.c"})", {{"email", "omit"}}), R"({"userId":"u","f":{"status":"x"}})");
  EXPECT_EQ(shown(R"({"$ref":"#/$defs/person","x-personal":"free-text","minProperties":1})", kPerson), R"({"userId":"u","f":{"country":"de"}})");
}

TEST(ShapesTest, ATypeTooDeepForOtherFormsThanJsonHasItsPolicyAndHarmsNoOther) {
  std::string schema = R"({"type":"string","x-personal":"email"})", value = R"("ada@b.c")", left = "{}";
  for (int i = 0; i < 28; ++i) {
    schema = R"({"type":"object","additionalProperties":false,"properties":{"x":)" + schema + "}}";
    value = R"({"x":)" + value + "}";
    if (i > 0) left = R"({"x":)" + left + "}";
  }
  EXPECT_EQ(shown(schema, value), R"({"userId":"u","f":)" + left + "}");
}

TEST(ShapesTest, WhatNoSchemaForesawIsNotLetThrough) {
  const auto catalogue = catalogue_with_notes();
  const auto run = [&](const PrivacyPolicyOptions& given, std::string_view data) {
    const auto policy = policy_of(given);
    const Plan plan = make_plan(catalogue.find("user.noted")->places, policy, std::make_shared<const KnownNames>(KnownNames::gather(catalogue, policy)));
    std::string out;
    Blind blind;
    return Redactor().run(plan, data, blind, out) ? out : "refused";
  };
  const PrivacyPolicyOptions omit = {{"name", "omit"}};
  EXPECT_EQ(run(omit, R"({"userId":"u","friends":"Bob"})"), R"({"userId":"u"})");
  EXPECT_EQ(run(omit, R"({"userId":"u","friends":["Bob",7,null,{"nick":"Bob"}]})"), R"({"userId":"u","friends":[null,{}]})");
  EXPECT_EQ(run(omit, R"({"userId":"u","friends":{"name":"Bob"},"labels":"Bob"})"), R"({"userId":"u"})");
  EXPECT_EQ(run(omit, R"({"userId":"u","friends":null})"), R"({"userId":"u","friends":null})");
  EXPECT_EQ(run({{"address", "token"}}, R"({"userId":"u","a/b":{"c~d":"x","new":"y"}})"), R"({"userId":"u","a/b":{"c~d":"tok1_","new":"tok1_"}})");
  EXPECT_EQ(run(omit, R"("Bob")"), "refused");
}

}  // namespace
}  // namespace user_events::policy::test
