#include "policy/derived_types.h"

#include <simdjson.h>

#include "catalogue/event_type.h"
#include "catalogue/examples.h"
#include "policy/disclosure.h"
#include "privacy/ring_fixture.h"
#include "schemas/encoder.h"
#include "support.h"

namespace user_events::policy::test {
namespace {

/// The compact schema of the only field `f` of a type, as a policy leaves it, between `{"f":` and `}`; `rest` goes into the root.
std::string field_under(const PrivacyPolicyOptions& policy, const std::string& field, const std::string& rest = "") {
  const auto type = catalogue::make_event_type(
      "t", "user.made", 1,
      R"({"$id":"urn:user-events:schema:user.made:1","title":"Made","type":"object","additionalProperties":false,"required":["id","f"],"properties":{)"
      R"("id":{"type":"string","minLength":1,"x-key":"user","x-personal":"none"},"f":)" + field + "}" + rest + "}");
  if (!type) throw std::runtime_error(describe(type.error()));
  const PrivacyPolicy parsed = policy_of(policy);
  const auto names = std::make_shared<const KnownNames>(KnownNames::gather(catalogue::test::builtin(), parsed));
  const auto derived = derive_type(**type, make_plan((*type)->places, parsed, names));
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(derived->schema_text);
  std::string out;
  if (simdjson::dom::element found; root["properties"]["f"].get(found) == simdjson::SUCCESS) out = simdjson::minify(found);
  out += std::string_view(simdjson::minify(root["required"].value())).find("\"f\"") != std::string_view::npos ? " required" : " optional";
  if (simdjson::dom::element found; root["$defs"].get(found) == simdjson::SUCCESS) out += " " + simdjson::minify(found);
  return out;
}

TEST(DerivedTypeTest, WhatIsTreatedIsAStringWithoutTheRulesOfBefore) {
  const std::string email = R"({"description":"Where to.","type":"string","format":"email","pattern":"@","maxLength":254,"examples":["ada@example.com"],"x-personal":"email","x-field-number":2})";
  EXPECT_EQ(field_under({{"email", "mask"}}, email), R"({"description":"Where to.","type":"string","x-personal":"email","x-field-number":2,"x-privacy":"mask","examples":["a***@example.com"]} required)");
  EXPECT_EQ(field_under({{"email", "token"}}, email), R"({"description":"Where to.","type":"string","x-personal":"email","x-field-number":2,"x-privacy":"token","examples":["tok1_6c1f0b3a9d275a3c00d36d190f42b6c1"]} required)");
  EXPECT_TRUE(field_under({{"email", "encrypt"}}, email).ends_with(" optional")) << "events from before events were sealed have no key";
  EXPECT_EQ(field_under({{"email", "omit"}}, email), "false optional");
  EXPECT_EQ(field_under({{"birth", "mask"}}, R"({"type":"string","format":"date-time","x-default":"acceptance-time","x-personal":"birth"})"),
            R"({"type":"string","x-personal":"birth","x-privacy":"mask"} required)");
  EXPECT_EQ(field_under({{"name", "omit"}}, email), email + " required");
}

TEST(DerivedTypeTest, ValuesThatAreNoTextAreTokensOfTextOrGoneAndNullStays) {
  const auto with = [](const char* const action, const std::string& schema) { return field_under({{"birth", action}}, schema); };
  EXPECT_EQ(with("token", R"({"type":"integer","minimum":1900,"x-personal":"birth"})"),
            R"({"type":"string","x-personal":"birth","x-privacy":"token","examples":["tok1_6c1f0b3a9d275a3c00d36d190f42b6c1"]} required)");
  EXPECT_EQ(with("mask", R"({"type":"integer","x-personal":"birth"})"), "false optional") << "of a number nothing can be shown";
  EXPECT_EQ(with("mask", R"({"type":["string","number","null"],"x-personal":"birth"})"), R"({"type":["null","string"],"x-personal":"birth","x-privacy":"mask"} optional)");
  EXPECT_TRUE(with("encrypt", R"({"type":["string","null"],"x-personal":"birth"})").starts_with(R"({"type":"string","x-personal":"birth")")) << "null is hidden as well";
  EXPECT_EQ(with("omit", R"({"type":["string","null"],"x-personal":"birth"})"), "false optional");
  EXPECT_EQ(with("mask", R"({"enum":["a","b"],"x-personal":"birth"})"), R"({"x-personal":"birth","type":"string","x-privacy":"mask"} required)");
}

TEST(DerivedTypeTest, WhatIsNotGoneIntoIsTreatedAsAWhole) {
  EXPECT_EQ(field_under({{"name", "token"}}, R"({"type":["object","string"],"x-personal":"name"})"),
            R"({"type":"string","x-personal":"name","x-privacy":"token","examples":["tok1_6c1f0b3a9d275a3c00d36d190f42b6c1"]} required)");
  EXPECT_EQ(field_under({{"name", "mask"}}, R"({"type":["array","integer"],"x-personal":"name"})"), "false optional");
  EXPECT_EQ(field_under({{"email", "token"}}, R"({"type":["string","array"],"maxLength":5,"x-personal":"free-text"})"),
            R"({"type":"string","x-personal":"free-text","x-privacy":"token","examples":["tok1_6c1f0b3a9d275a3c00d36d190f42b6c1"]} required)")
      << "a token of an array is longer";
  EXPECT_EQ(field_under({{"name", "omit"}}, R"({"type":["object","null"],"additionalProperties":false,"properties":{"a":{"type":"string","x-personal":"name"}}})"),
            R"({"type":["null","object"],"additionalProperties":false,"properties":{"a":false}} required)");
}

TEST(DerivedTypeTest, ObjectsAndArraysAreGoneInto) {
  EXPECT_EQ(field_under({{"name", "omit"}}, R"({"type":"object","minProperties":2,"additionalProperties":false,"required":["a","b"],"properties":{)"
                                            R"("a":{"type":"string","x-personal":"name"},"b":{"type":"integer"}}})"),
            R"({"type":"object","additionalProperties":false,"required":["b"],"properties":{"a":false,"b":{"type":"integer"}}} required)");
  EXPECT_EQ(field_under({{"name", "mask"}}, R"({"type":"array","minItems":1,"maxItems":9,"uniqueItems":true,"items":{"type":"string","x-personal":"name"}})"),
            R"({"type":"array","maxItems":9,"items":{"type":"string","x-personal":"name","x-privacy":"mask"}} required)");
  EXPECT_EQ(field_under({{"name", "omit"}}, R"({"type":"array","items":{"type":"string","x-personal":"name"}})"), R"({"type":"array","items":false} required)");
  EXPECT_EQ(field_under({{"name", "token"}}, R"({"type":"object","additionalProperties":{"type":"integer","x-personal":"name"}})"),
            R"({"type":"object","additionalProperties":{"type":"string","x-personal":"name","x-privacy":"token","examples":["tok1_6c1f0b3a9d275a3c00d36d190f42b6c1"]}} required)");
}

TEST(DerivedTypeTest, AlternativesLeaveOutWhatIsAlwaysLeftOut) {
  EXPECT_EQ(field_under({{"ip", "mask"}}, R"({"type":"string","x-personal":"ip","anyOf":[{"format":"ipv4"},{"format":"ipv6"}]})"),
            R"({"type":"string","x-personal":"ip","x-privacy":"mask"} required)");
  EXPECT_EQ(field_under({{"name", "omit"}}, R"({"x-personal":"none","anyOf":[{"type":"string","x-personal":"name"},{"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer","x-personal":"none"}}}]})"),
            R"({"x-personal":"none","anyOf":[{"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer","x-personal":"none"}}}],"x-privacy":"omit"} optional)");
  const auto failed = derive_catalogue(catalogue::test::builtin(), policy_of({{"email", "omit"}}));
  EXPECT_EQ(failed.find("user.login.failed")->schema_text.find("anyOf\": [\n    {\n      \"required\""), std::string::npos) << "an e-mail address may have been all there was";
}

TEST(DerivedTypeTest, ADefinitionIsThereOnceForEachWayInWhichItIsTreated) {
  const std::string rest = R"(,"$defs":{"line":{"type":"string","maxLength":9},"unused":{"type":"string"}})";
  EXPECT_EQ(field_under({{"name", "mask"}}, R"({"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"#/$defs/line","x-personal":"name"},)"
                                            R"("b":{"$ref":"#/$defs/line","x-personal":"name"},"c":{"$ref":"#/$defs/line","x-personal":"none"}}})", rest),
            R"({"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"#/$defs/line","x-personal":"name","x-privacy":"mask"},)"
            R"("b":{"$ref":"#/$defs/line","x-personal":"name","x-privacy":"mask"},"c":{"$ref":"#/$defs/line.2","x-personal":"none"}}} required )"
            R"({"line":{"type":"string","x-privacy":"mask"},"line.2":{"type":"string","maxLength":9}})");
}

TEST(DerivedTypeTest, ANameOfAFreeMapCanBeTreatedInAnyWay) {
  EXPECT_EQ(field_under({{"email", "mask"}}, R"({"type":"object","x-personal":"free-text","additionalProperties":{"type":"integer","minimum":1}})"),
            R"({"type":"object","x-personal":"free-text","additionalProperties":{"type":["integer","string"]}} required)");
}

TEST(DerivedTypeTest, WhatMayBeGoneIsNotRequiredWhoeverSpeaksOfIt) {
  EXPECT_EQ(field_under({{"email", "omit"}}, R"({"type":"object","x-personal":"free-text","required":["email"],"additionalProperties":{"type":"string"}})"),
            R"({"type":"object","x-personal":"free-text","additionalProperties":{"type":"string"}} required)")
      << "an email in a free map is one by its name";
  EXPECT_EQ(field_under({{"name", "mask"}}, R"({"type":"object","$ref":"#/$defs/typed","required":["t","n"]})",
                        R"(,"$defs":{"typed":{"additionalProperties":false,"properties":{"t":{"type":"string","x-personal":"name"},"n":{"type":"integer","x-personal":"name"}}}})"),
            R"({"type":"object","$ref":"#/$defs/typed","required":["t"],"minProperties":0} required {"typed":{"additionalProperties":false,)"
            R"("properties":{"t":{"type":"string","x-personal":"name","x-privacy":"mask"},"n":false}}})")
      << "a masked text stays";
  const auto failed = derive_catalogue(catalogue::test::builtin(), policy_of({{"preset", "analytics"}}));
  EXPECT_NE(failed.find("user.login.failed")->schema_text.find("anyOf"), std::string::npos) << "one of two tokens is always there";
}

TEST(DerivedTypeTest, WhatIsKeptIsKeptWhole) {
  const std::string rest = R"(,"$defs":{"a line/b":{"type":"string","maxLength":9}})";
  EXPECT_EQ(field_under({{"name", "mask"}}, R"({"type":"object","additionalProperties":{"type":"integer"},"properties":{"a":{"type":"string","x-personal":"name"},)"
                                            R"("b":{"x-personal":"none","anyOf":[{"$ref":"#/$defs/a%20line~1b"},{"type":"integer"}]}}})", rest),
            R"({"type":"object","additionalProperties":{"type":"integer"},"properties":{"a":{"type":"string","x-personal":"name","x-privacy":"mask"},)"
            R"("b":{"x-personal":"none","anyOf":[{"$ref":"#/$defs/a_line_b"},{"type":"integer"}]}}} required {"a_line_b":{"type":"string","maxLength":9}})");
  EXPECT_EQ(field_under({{"email", "mask"}}, R"({"type":"string","additionalProperties":{"type":"string"},"x-personal":"email"})"),
            R"({"type":"string","additionalProperties":{"type":"string"},"x-personal":"email","x-privacy":"mask"} required)");
  EXPECT_EQ(field_under({{"email", "mask"}}, R"({"type":"string","x-personal":"email","x-privacy":"see the handbook"})"), R"({"type":"string","x-personal":"email","x-privacy":"mask"} required)");
}

TEST(DerivedTypeTest, AReferenceWithRulesBesideItStaysOneInOtherEncodings) {
  const std::string rest = R"(,"$defs":{"address":{"type":"object","additionalProperties":false,"properties":{"line":{"type":"string","x-personal":"address"}}}})";
  EXPECT_EQ(field_under({{"address", "omit"}}, R"({"$ref":"#/$defs/address","minProperties":1})", rest),
            R"({"$ref":"#/$defs/address","minProperties":0} required {"address":{"type":"object","additionalProperties":false,"properties":{"line":false}}})");
}

TEST(DerivedTypeTest, WhatIsLargeOrDeepLosesItsLayoutOrItsExamplesButNotItsSchema) {
  std::string many = R"({"type":"object","additionalProperties":false,"properties":{"n":{"type":"string","x-personal":"name"})";
  for (int i = 0; i < 25'000; ++i) many += R"(,"m)" + std::to_string(i) + R"(":{"type":"integer"})";
  EXPECT_NE(field_under({{"name", "token"}}, many + "}}").find("tok1_"), std::string::npos) << "what is large keeps its examples";
  for (int depth = 20; depth < 32; ++depth) {
    std::string deep = R"({"type":"string","x-personal":"name"})";
    for (int i = 0; i < depth; ++i) deep = R"({"type":"object","additionalProperties":false,"properties":{"d":)" + deep + "}}";
    if (!catalogue::make_event_type("t", "user.made", 1, R"({"$id":"urn:user-events:schema:user.made:1","title":"Made","type":"object","additionalProperties":false,"required":["id"],)"
                                                         R"("properties":{"id":{"type":"string","minLength":1,"x-key":"user","x-personal":"none"},"f":)" + deep + "}}"))
      break;
    EXPECT_NE(field_under({{"name", "token"}}, deep).find("x-privacy"), std::string::npos) << depth;
  }
}

TEST(DerivedTypeTest, VersionsKeepTheNumbersAndNamesOfAllThatWasPublished) {
  const ::user_events::test::TemporaryDirectory folder;
  const auto write = [&](int version, const std::string& field, const std::string& more = "") {
    folder.write("user.rated/" + std::to_string(version) + ".json",
                 R"({"$id":"urn:user-events:schema:user.rated:)" + std::to_string(version) + R"(","title":"Rated","type":"object","additionalProperties":false,"required":["userId"])" + more +
                     R"(,"properties":{"userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user","x-field-number":1})" + field + "}}");
  };
  write(1, R"(,"mail":{"type":"string","x-personal":"none","x-field-number":2})");
  write(2, R"(,"contact":{"type":"string","x-personal":"email","x-field-number":2})", R"(,"x-cast":{"rename":{"/mail":"contact"}})");
  write(3, R"(,"contact":{"type":"string","x-personal":"none","x-field-number":2})");
  write(4, "", R"(,"x-cast":"none")");
  const auto published = catalogue::Catalogue::with(folder.path());
  ASSERT_TRUE(published) << describe(published.error());
  const auto derived = derive_catalogue(*published, policy_of({{"email", "omit"}}));
  const auto text = [](const catalogue::Catalogue& catalogue, std::uint32_t version) {
    const auto made = schemas::schema_text(schemas::Encoding::protobuf, catalogue, *catalogue.find("user.rated", version));
    return made ? *made : describe(made.error());
  };
  for (const std::uint32_t version : {1u, 3u, 4u}) EXPECT_EQ(text(derived, version), text(*published, version)) << "nothing is done to it";
  EXPECT_NE(text(derived, 4).find("reserved 2"), std::string::npos) << text(derived, 4);
  EXPECT_NE(text(derived, 2).find("package user_events.p"), std::string::npos) << text(derived, 2);
  EXPECT_NE(text(derived, 2).find("reserved 2"), std::string::npos) << text(derived, 2);
}

TEST(DerivedTypeTest, TypesThatNothingIsDoneToAreTheTypesThemselves) {
  const auto derived = derive_catalogue(catalogue::test::builtin(), policy_of({{"email", "mask"}}));
  const auto* const enabled = derived.find("user.mfa.enabled");
  EXPECT_EQ(enabled->schema_text, catalogue::test::builtin().find("user.mfa.enabled")->schema_text);
  EXPECT_EQ(enabled->data_schema_uri, "urn:user-events:schema:user.mfa.enabled:1");
  const auto* const created = derived.find("user.created");
  EXPECT_EQ(created->data_schema_uri, "urn:user-events:schema:user.created:1:" + created->variant);
  EXPECT_NE(created->schema_text.find("\"$id\": \"" + created->data_schema_uri + '"'), std::string::npos);
  EXPECT_EQ(schemas::make_model(*created)->space, "user_events." + created->variant);
  EXPECT_EQ(schemas::make_model(*enabled)->space, "user_events");
}

TEST(DerivedTypeTest, ASchemaThatWouldBeTooLargeSaysThatDataIsAnObject) {
  std::string fields;  // each place in a way of its own, so that the long words come again for each
  for (int i = 0; i < 40; ++i) fields += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + R"(":{"$ref":"#/$defs/long","x-personal":")" + (i % 2 == 0 ? "name" : "email") + "\"}";
  const auto type = catalogue::make_event_type(
      "t", "user.made", 1,
      R"({"$id":"urn:user-events:schema:user.made:1","title":"Made","type":"object","additionalProperties":false,"required":["id"],"properties":{)"
      R"("id":{"type":"string","minLength":1,"x-key":"user","x-personal":"none"},)" + fields + R"(},"$defs":{"long":{"type":"string","description":")" +
          std::string(600'000, 'x') + "\"}}}");
  ASSERT_TRUE(type) << describe(type.error());
  const PrivacyPolicy policy = policy_of({{"email", "mask"}, {"name", "token"}});
  const auto names = std::make_shared<const KnownNames>(KnownNames::gather(catalogue::test::builtin(), policy));
  const auto derived = derive_type(**type, make_plan((*type)->places, policy, names));
  EXPECT_EQ(derived->schema_text, R"({"$id":")" + derived->data_schema_uri + R"(","title":"Made","type":"object"})");
  EXPECT_EQ(derived->data_schema_uri, "urn:user-events:schema:user.made:1:" + derived->variant);
}

TEST(PlansTest, DerivedTypesFollowTheCatalogueAndFormerOnesStay) {
  base::Live<catalogue::Catalogue> live(*catalogue::Catalogue::builtin());
  const Plans plans(live, policy_of({{"name", "omit"}}));
  const auto& before = plans.derived();
  EXPECT_EQ(&plans.derived(), &before);
  EXPECT_EQ(before.find("user.noted"), nullptr);
  live.replace(catalogue_with_notes());
  EXPECT_EQ(plans.derived().find("user.noted")->variant, plans.mark());
  EXPECT_NE(before.find("user.created"), nullptr) << "whoever reads it goes on";
}

class DerivedCatalogueTest : public privacy::test::RingFixture {};

// Whatever is done: the data of every type fits its derived schema, and goes into Avro and Protobuf.
TEST_F(DerivedCatalogueTest, EveryExampleFitsUnderEveryPolicyInEveryEncoding) {
  const auto ring = start();
  const base::Live<catalogue::Catalogue> catalogue{catalogue_with_notes()};
  std::string lane;
  privacy::append_lane(privacy::kUserLane, privacy::test::subject(1), lane);
  privacy::LentKey key;
  ASSERT_TRUE(ring->key_for(privacy::test::subject(1), key));
  std::size_t changed = 0;
  for (const PrivacyPolicyOptions& options : {PrivacyPolicyOptions{{"preset", "analytics"}}, {{"preset", "minimal"}}, {{"others", "mask"}, {"user-id", "token"}},
                                              {{"others", "token"}}, {{"others", "encrypt"}}, {{"others", "omit"}}}) {
    const auto plans = std::make_shared<Plans>(catalogue, policy_of(options));
    auto disclosure = Disclosure::make(plans, "crm", ring.get());
    const auto check = [&](std::string_view type, std::string_view data) {
      encoding::Envelope envelope{.id = "e", .source = "s", .type = type, .partition_key = "u", .data = data, .lane = lane, .sealed_under = privacy::text_of_key(key.id)};
      ASSERT_TRUE(disclosure->apply(envelope)) << type;
      const auto* const derived = plans->derived().find(type, 1);
      EXPECT_EQ(envelope.schema_variant, derived->variant) << type;
      simdjson::dom::parser parser;
      std::vector<FieldError> findings;
      EXPECT_TRUE(derived->schema.validate(parser.parse(std::string(envelope.data)), findings)) << envelope.data << '\n' << derived->schema_text;
      const auto model = schemas::make_model(*derived);
      ASSERT_TRUE(model) << describe(model.error());
      for (const auto encoding : {schemas::Encoding::avro, schemas::Encoding::protobuf}) {
        if (type == "user.noted" && encoding == schemas::Encoding::protobuf) continue;  // it has no field numbers
        auto encoder = schemas::Encoder::compile(*model, encoding);
        ASSERT_TRUE(encoder) << describe(encoder.error());
        std::string binary;
        const auto encoded = encoder->encode(envelope.data, binary);
        EXPECT_TRUE(encoded) << describe(encoded.error());
      }
      if (!derived->variant.empty()) ++changed;
    };
    for (const auto& example : catalogue::test::kExamples) check(example.type, example.json);
    check("user.noted", R"({"userId":"u","emails":["a@b.c"],"friends":[{"name":"Bob","since":3}],"labels":{"x":"y"},"age":30,"phone":null,"note":{"email":"a@b.c","n":[1]},"a/b":{"c~d":"e","size":1.5},"other":[true]})");
  }
  EXPECT_GT(changed, 60u);
}

}  // namespace
}  // namespace user_events::policy::test
