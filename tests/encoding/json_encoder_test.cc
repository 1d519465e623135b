#include "encoding/encoder.h"

#include <gtest/gtest.h>

namespace user_events::encoding {
namespace {

const std::string kData = "{\"name\":\"\xEF\xBF\xBE \xEF\xBF\xBF \xEF\xBF\xBD\"}";

Envelope envelope() {
  return {.id = "e-1", .source = "urn:test", .type = "user.created", .partition_key = "u-1", .time_ms = 1'795'510'800'000, .data = kData};
}

constexpr Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 42};

Encoded encoded(Encoder& encoder) {
  Encoded out;
  out.headers.add({"left-over", "x"});
  EXPECT_EQ(encoder.encode(envelope(), kPosition, out).readiness, Readiness::ready);
  return out;
}

TEST(JsonEncoder, WritesTheBodyOfEachFormatAndSaysWhatItIs) {
  for (const Format format : {Format::cloudevents, Format::cloudevents_binary, Format::plain}) {
    const auto encoder = make_json_encoder({.format = format});
    const Encoded out = encoded(*encoder);
    std::string body;
    append_body(format, envelope(), kPosition, body);
    EXPECT_EQ(out.body, body);
    EXPECT_EQ(out.content_type, format == Format::cloudevents ? "application/cloudevents+json; charset=UTF-8" : "application/json");
    EXPECT_EQ(out.attributes_in_headers, format == Format::cloudevents_binary);
    EXPECT_EQ(out.headers.size(), 0u);
    EXPECT_EQ(out.envelope.partition_key, "u-1");
    EXPECT_LE(out.body.size(), encoder->body_bound_bytes(envelope()));
    EXPECT_TRUE(encoder->waits_for().empty());
  }
}

TEST(JsonEncoder, BinaryModeCopiesNothing) {
  EXPECT_EQ(encoded(*make_json_encoder({.format = Format::cloudevents_binary})).body.data(), kData.data());
}

TEST(JsonEncoder, EscapesNoncharactersAndNothingElseWhereTheyMayNotBe) {
  for (const Format format : {Format::cloudevents, Format::cloudevents_binary, Format::plain}) {
    const auto encoder = make_json_encoder({.format = format, .escape_noncharacters = true});
    const Encoded out = encoded(*encoder);
    EXPECT_NE(out.body.find("{\"name\":\"\\ufffe \\uffff \xEF\xBF\xBD\"}"), std::string::npos) << out.body;
    EXPECT_LE(out.body.size(), encoder->body_bound_bytes(envelope()));
  }
}

TEST(JsonEncoder, TheBoundCoversABodyThatIsAllEscapes) {
  std::string data = "{\"a\":\"";
  for (int i = 0; i < 10'000; ++i) data += "\xEF\xBF\xBF";
  data += "\"}";
  Envelope large = envelope();
  large.data = data;
  const auto encoder = make_json_encoder({.format = Format::cloudevents, .escape_noncharacters = true});
  Encoded out;
  ASSERT_EQ(encoder->encode(large, kPosition, out).readiness, Readiness::ready);
  EXPECT_GT(out.body.size(), 60'000u);
  EXPECT_LE(out.body.size(), encoder->body_bound_bytes(large));
  std::string payload;
  append_payload(large, payload);
  EXPECT_LE(out.body.size(), payload.size() * encoder->growth().factor + encoder->growth().bytes);
}

}  // namespace
}  // namespace user_events::encoding
