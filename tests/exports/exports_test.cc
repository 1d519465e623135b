// Texts that need no other tool to be judged; the rest is in tests/e2e/test_schema_export.py.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "base/json_layout.h"
#include "destinations/place.h"
#include "exports/asyncapi.h"
#include "exports/draft7.h"

namespace user_events::exports {
namespace {

TEST(Layout, PutsEachItemOnALineAndLeavesValuesAsTheyAre) {
  EXPECT_EQ(base::lay_out(R"({"a" : [1.0,{}, [],"x, {\"y\": 1}"],"b":null})"),
            "{\n  \"a\": [\n    1.0,\n    {},\n    [],\n    \"x, {\\\"y\\\": 1}\"\n  ],\n  \"b\": null\n}\n");
  EXPECT_EQ(base::lay_out("7"), "7\n");
}

TEST(Draft7, LeadsReferencesIntoTheDocumentAndKeepsWhatStandsBesideThem) {
  EXPECT_EQ(to_draft7(R"({"$schema":"s","$id":"i","$defs":{"a":{"type":"string"}},"properties":{"$ref":{"$ref":"#/$defs/a"},"b":{"minLength":1,"$ref":"#/$defs/a"}}})", "#/x"),
            R"({"$defs":{"a":{"type":"string"}},"properties":{"$ref":{"$ref":"#/x/$defs/a"},"b":{"allOf":[{"$ref":"#/x/$defs/a"}],"minLength":1}}})");
}

TEST(Draft7, LeavesWhatOnlyLooksLikeASchema) {
  EXPECT_EQ(to_draft7(R"({"examples":[{"$id":"i"}],"const":{"$ref":"#/y"},"items":{"anyOf":[{"$id":"i"},true]}})", "#/x"),
            R"({"examples":[{"$id":"i"}],"const":{"$ref":"#/y"},"items":{"anyOf":[{},true]}})");
}

TEST(Place, IsHostAndPortOfAUrlAndNothingElse) {
  EXPECT_EQ(destinations::host_of_url("https://user:pass@sqs.example:9324/1/queue?key=x"), "sqs.example:9324");
  EXPECT_EQ(destinations::host_of_url("https://host?p@ss"), "host");
  EXPECT_EQ(destinations::host_of_url("nats://[::1]:4222"), "[::1]:4222");
  EXPECT_EQ(destinations::host_of_url("broker"), "broker");
}

TEST(Place, NamesWithBracesOfTheirOwnHaveNoAddress) {
  EXPECT_EQ(destinations::address_of(*destinations::NameTemplate::parse("a.{type}.b")), "a.{type}.b");
  EXPECT_EQ(destinations::address_of(*destinations::NameTemplate::parse("a.{{x}}")), std::nullopt);
}

TEST(AsyncApi, RefusesSettingsThatCannotBeReadAndNamesTheDestination) {
  Options options;
  DestinationOptions& destination = options.destinations.emplace_back();
  destination.name = "broken";
  destination.kind = "nats";
  const auto made = asyncapi(*catalogue::Catalogue::builtin(), options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::usage);
  EXPECT_NE(made.error().message.find("broken"), std::string::npos);
}

TEST(AsyncApi, ADestinationMayHaveWhatEveryKindTakes) {
  Options options;
  DestinationOptions& destination = options.destinations.emplace_back();
  destination.name = "kafka";
  destination.kind = "kafka";
  destination.topic = "users";
  destination.encoding = "avro";
  destination.format = "cloudevents-binary";
  destination.settings = {{"kafka.bootstrap.servers", "broker:9092"}, {"registry.url", "https://registry.example.com"}, {"version", "1"}};
  const auto made = asyncapi(*catalogue::Catalogue::builtin(), options);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_NE(made->find("broker:9092"), std::string::npos);
  EXPECT_NE(made->find(R"("contentType": "application/vnd.confluent.avro")"), std::string::npos);
  EXPECT_EQ(made->find("registry.example.com"), std::string::npos);
}

// Its data has the form that the policy leaves, and a dataschema of its own.
TEST(AsyncApi, ADestinationWithAPrivacyPolicyHasTheSchemasOfWhatItLeaves) {
  Options options;
  for (const char* const name : {"all", "some"}) {
    DestinationOptions& destination = options.destinations.emplace_back();
    destination.name = name;
    destination.kind = "kafka";
    destination.topic = name;
    destination.settings = {{"kafka.bootstrap.servers", "broker:9092"}};
    destination.types = {"user.email.verified", "user.mfa.enabled"};
  }
  DestinationOptions& some = options.destinations.back();
  some.privacy = {{"email", "mask"}};
  for (const char* const format : {"cloudevents", "cloudevents-binary", "plain"}) {
    options.destinations.front().format = some.format = format;
    const auto made = asyncapi(*catalogue::Catalogue::builtin(), options);
    ASSERT_TRUE(made) << describe(made.error());
    simdjson::dom::parser parser;
    const simdjson::dom::element document = parser.parse(*made);
    std::string changed;
    for (const auto message : document["channels"]["some"]["messages"].get_object()) {
      if (message.key.starts_with("user.email.verified.1.p")) changed = message.key;
    }
    EXPECT_EQ(document["channels"]["some"]["messages"]["user.mfa.enabled.1"].error(), simdjson::SUCCESS) << "nothing is changed in it";
    ASSERT_NE(changed, "");
    EXPECT_EQ(document["components"]["schemas"]["data." + changed]["properties"]["email"]["x-privacy"].get_string().value(), "mask");
    const std::string message = simdjson::minify(document["channels"]["some"]["messages"][changed].value());
    EXPECT_NE(message.find("a***@example.com"), std::string::npos) << message;
    EXPECT_EQ(message.find("ada@example.com"), std::string::npos) << message;
    EXPECT_EQ(format == std::string_view("cloudevents"), message.find("urn:user-events:schema:user.email.verified:1:p") != std::string::npos) << message;
  }
  some.format = "cloudevents";
  some.privacy = {{"user-id", "encrypt"}};
  const auto hidden = asyncapi(*catalogue::Catalogue::builtin(), options);
  ASSERT_TRUE(hidden) << describe(hidden.error());
  EXPECT_NE(hidden->find(R"("userId": "enc1.)"), std::string::npos);
  EXPECT_EQ(hidden->find(R"("subject": "enc1.)"), std::string::npos) << "then there is no subject";
  EXPECT_EQ(hidden->find(R"("partitionkey": "enc1.)"), std::string::npos) << "and the key is a token";
  some.privacy = {{"email", "mask"}};
  some.encoding = "avro";
  some.format = "cloudevents-binary";
  const auto made = asyncapi(*catalogue::Catalogue::builtin(), options);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_NE(made->find(R"("namespace": "user_events.p)"), std::string::npos);
}

}  // namespace
}  // namespace user_events::exports
