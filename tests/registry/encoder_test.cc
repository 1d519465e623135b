// Bodies behind the id of their schema.
#include "registry/encoder.h"

#include <gtest/gtest.h>

#include "base/live.h"
#include "catalogue/support.h"
#include "registry/wire.h"
#include "stub_registry.h"
#include "support/temporary_directory.h"

namespace user_events::registry::test {
namespace {

using encoding::Readiness;

class EncoderTest : public testing::Test {
 protected:
  EncoderTest() {
    options_.name = "d";
    options_.kind = "kafka";
    options_.topic = "user.events";
    options_.format = "cloudevents-binary";
    options_.retry = {.initial = std::chrono::milliseconds(5), .max = std::chrono::milliseconds(20)};
    options_.settings = {{"registry.url", registry_.settings().url}, {"registry.register", "true"}};
  }
  std::unique_ptr<encoding::Encoder> make() {
    auto made = make_encoder(options_, [this]() -> const catalogue::Catalogue& { return catalogue_.now(); }, directory_.path() + "/ids/d");
    EXPECT_TRUE(made) << describe(made.error());
    return *std::move(made);
  }
  encoding::Encoding encode(encoding::Encoder& encoder, std::uint32_t version = 1) {
    encoding::Envelope envelope{.id = "e", .source = "urn:test", .type = "user.loggedin", .version = version, .partition_key = "u-1", .time_ms = 1, .data = data_};
    return encoder.encode(envelope, {"j", 1}, out_);
  }
  bool becomes_ready(encoding::Encoder& encoder) {
    return eventually([&] { return encode(encoder).readiness == Readiness::ready; });
  }

  user_events::test::TemporaryDirectory directory_;
  StubRegistry registry_;
  base::Live<catalogue::Catalogue> catalogue_{*catalogue::Catalogue::builtin()};
  DestinationOptions options_;
  const std::string data_ = R"({"userId":"u-1"})";
  encoding::Encoded out_;
};

TEST(RegistryWire, ThePrefixIsZeroTheIdAndForProtobufTheFirstMessage) {
  const auto prefix = [](SchemaType type, std::uint32_t id) {
    std::string out;
    append_prefix(type, id, out);
    return out;
  };
  EXPECT_EQ(prefix(SchemaType::json, 1), std::string("\0\0\0\0\1", 5));
  EXPECT_EQ(prefix(SchemaType::avro, 0x01020304), std::string("\0\1\2\3\4", 5));
  EXPECT_EQ(prefix(SchemaType::protobuf, 258), std::string("\0\0\0\1\2\0", 6));
}

TEST(RegistrySubject, FollowsTheStrategy) {
  EXPECT_EQ(subject_name(SubjectStrategy::topic, "t", "r"), "t-value");
  EXPECT_EQ(subject_name(SubjectStrategy::record, "t", "r"), "r");
  EXPECT_EQ(subject_name(SubjectStrategy::topic_record, "t", "r"), "t-r");
  EXPECT_EQ(parse_strategy("topic-record"), SubjectStrategy::topic_record);
  EXPECT_FALSE(parse_strategy("TopicNameStrategy"));
}

TEST_F(EncoderTest, AnEventWaitsForItsIdAndIsThenTheDataBehindIt) {
  const auto encoder = make();
  const auto first = encode(*encoder);
  EXPECT_EQ(first.readiness, Readiness::not_now);
  EXPECT_NE(first.reason.find("user.loggedin"), std::string::npos) << first.reason;
  ASSERT_TRUE(becomes_ready(*encoder));
  EXPECT_EQ(out_.body, std::string("\0\0\0\0\1", 5) + data_);
  EXPECT_EQ(out_.content_type, "application/vnd.confluent.json");
  EXPECT_TRUE(out_.attributes_in_headers);
  EXPECT_EQ(out_.envelope.partition_key, "u-1");
  EXPECT_LE(out_.body.size(), encoder->body_bound_bytes(out_.envelope));
  EXPECT_EQ(registry_.count("POST /base/subjects/user.loggedin/versions"), 1u);
  const auto& use = dynamic_cast<const RegistryUse&>(*encoder);
  const auto calls = use.calls();
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(encode(*encoder).readiness, Readiness::ready);
  EXPECT_EQ(use.calls(), calls) << "no request an event";
}

TEST_F(EncoderTest, ThePlainFormIsTheDataAlone) {
  options_.format = "plain";
  const auto encoder = make();
  ASSERT_TRUE(becomes_ready(*encoder));
  EXPECT_FALSE(out_.attributes_in_headers);
  EXPECT_EQ(out_.body.substr(5), data_);
}

TEST_F(EncoderTest, SubjectsFollowTheSettings) {
  options_.settings["registry.subject"] = "topic-record";
  options_.topic = "events.{type}";
  ASSERT_TRUE(becomes_ready(*make()));
  EXPECT_EQ(registry_.count("POST /base/subjects/events.user.loggedin-user.loggedin/versions"), 1u);
  options_.settings["registry.subject"] = "topic";
  ASSERT_TRUE(becomes_ready(*make()));
  EXPECT_EQ(registry_.count("POST /base/subjects/events.user.loggedin-value/versions"), 1u);
}

TEST_F(EncoderTest, AVersionThatTheCatalogueHasNotIsRefused) {
  const auto encoder = make();
  EXPECT_EQ(encode(*encoder, 9).readiness, Readiness::refused);
  EXPECT_TRUE(becomes_ready(*encoder));
}

TEST_F(EncoderTest, AVersionThatCameWhileItRunsGetsAnIdAndTheOldOnesKeepTheirs) {
  const auto encoder = make();
  ASSERT_TRUE(becomes_ready(*encoder));
  const std::string before(out_.body);
  const ::user_events::test::TemporaryDirectory folder;
  std::string second = catalogue_.now().find("user.loggedin")->schema_text;
  second.replace(second.find("user.loggedin:1"), 15, "user.loggedin:2");
  folder.write("user.loggedin/2.json", second);
  EXPECT_EQ(encode(*encoder, 2).readiness, Readiness::refused);
  auto next = catalogue::Catalogue::with(folder.path());
  ASSERT_TRUE(next) << describe(next.error());
  catalogue_.replace(*std::move(next));
  ASSERT_TRUE(eventually([&] { return encode(*encoder, 2).readiness == Readiness::ready; }));
  EXPECT_EQ(out_.body, std::string("\0\0\0\0\2", 5) + data_);
  const auto& use = dynamic_cast<const RegistryUse&>(*encoder);
  const auto calls = use.calls();
  ASSERT_EQ(encode(*encoder).readiness, Readiness::ready);
  EXPECT_EQ(out_.body, before);
  EXPECT_EQ(use.calls(), calls);
}

TEST_F(EncoderTest, BoundsAreThoseOfTheCatalogueThatCounts) {
  options_.settings.clear();
  options_.encoding = "avro";
  const auto encoder = make();
  const encoding::Envelope wide{.id = "e", .source = "urn:test", .type = "user.widened", .version = 1, .partition_key = "u-1", .time_ms = 1, .data = R"({"userId":"u","items":[{},{},{}]})"};
  const auto before = encoder->growth();
  EXPECT_LT(before.factor, 40u);
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + R"(":{"type":"integer"})";
  const ::user_events::test::TemporaryDirectory folder;
  folder.write("user.widened/1.json", R"({"$id":"urn:user-events:schema:user.widened:1","title":"Widened","type":"object","additionalProperties":false,"required":["userId"],
    "properties":{"userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user"},
                  "items":{"type":"array","items":{"type":"object","additionalProperties":false,"properties":{)" + fields + "}}}}}");
  auto next = catalogue::Catalogue::with(folder.path());
  ASSERT_TRUE(next) << describe(next.error());
  catalogue_.replace(*std::move(next));
  ASSERT_EQ(encoder->encode(wide, {"j", 1}, out_).readiness, Readiness::ready);
  EXPECT_GT(out_.body.size(), wide.data.size() * before.factor + before.bytes) << "an item `{}` takes a byte for each of its fields";
  EXPECT_LE(out_.body.size(), encoder->body_bound_bytes(wide));
  EXPECT_LE(out_.body.size(), wide.data.size() * encoder->growth().factor + encoder->growth().bytes);
}

TEST_F(EncoderTest, WhatTheRegistryRefusesIsRefusedWithTheReason) {
  registry_.answer_with([](const auto& request) {
    return request.line.starts_with("POST /base/subjects/user.loggedin/versions") ? StubRegistry::json(409, "{}") : std::string("right");
  });
  const auto encoder = make();
  encoding::Encoding last;
  ASSERT_TRUE(eventually([&] { return (last = encode(*encoder)).readiness == Readiness::refused; }));
  EXPECT_NE(last.reason.find("incompatible"), std::string::npos) << last.reason;
}

}  // namespace
}  // namespace user_events::registry::test
