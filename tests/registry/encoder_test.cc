// Bodies behind the id of their schema.
#include "registry/encoder.h"

#include <gtest/gtest.h>

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
    auto made = make_encoder(options_, catalogue_, directory_.path() + "/ids/d");
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
