// What is sent, and how it is signed.
#include "destinations/webhook/request.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "destinations/encode.h"

namespace user_events::destinations::webhook {
namespace {

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

Message message() {
  Message one;
  one.envelope = {.id = "a.b c",
                  .source = "urn:test",
                  .type = "user.created",
                  .partition_key = "u 1",
                  .time_ms = 1'700'000'000'000,
                  .traceparent = {},
                  .tracestate = {},
                  .extensions = {},
                  .data = R"({"n":1})"};
  one.position = {.journal_id = "01JOURNAL0000000000000000A", .sequence = 7};
  return one;
}

Config config() {
  Config one;
  one.url = "https://example.com/hook";
  one.secrets = {*SigningSecret::parse(kSecret)};
  one.headers = {"Authorization: Bearer x"};
  return one;
}

/// Its views are valid until the next one.
Message encoded(const std::string& format) {
  DestinationOptions options;
  options.kind = "webhook";
  options.format = format;
  Message one = message();
  return tests::encode(options, one);
}

bool has(const http::Request& request, std::string_view header) {
  return std::ranges::find(request.headers, header) != request.headers.end();
}

TEST(WebhookSignature, IsThatOfTheSpecificationsLibraries) {
  const std::vector<SigningSecret> secrets = {*SigningSecret::parse(kSecret)};
  EXPECT_EQ(signatures(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, SeveralSecretsSignSideBySide) {
  const auto one = *SigningSecret::parse(kSecret),
             other = *SigningSecret::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
  EXPECT_EQ(signatures({one, other}, "id", 1, "body"),
            signatures({one}, "id", 1, "body") + " " + signatures({other}, "id", 1, "body"));
}

TEST(WebhookSignature, ASecretIsTwentyFourToSixtyFourBytesInBase64) {
  const auto secret = [](std::size_t bytes) {  // of zeros
    std::string text(bytes / 3 * 4, 'A');
    if (bytes % 3 == 1) text += "AA==";
    if (bytes % 3 == 2) text += "AAA=";
    return "whsec_" + text;
  };
  for (const std::size_t bytes : {24u, 25u, 26u, 32u, 63u, 64u})
    EXPECT_TRUE(SigningSecret::parse(secret(bytes))) << bytes;
  for (const std::size_t bytes : {0u, 16u, 23u, 65u, 66u, 10'000u})
    EXPECT_FALSE(SigningSecret::parse(secret(bytes))) << bytes;
  for (const char* wrong :
       {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==", "whsec_====================================",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=="})
    EXPECT_FALSE(SigningSecret::parse(wrong)) << wrong;
}

TEST(WebhookRequest, TheIdHoldsNoDotAndTellsReplaysApart) {
  auto one = message();
  EXPECT_EQ(webhook_id(one), "a%2Eb%20c");
  one.position.replay = 2;
  EXPECT_EQ(webhook_id(one), "a%2Eb%20c%2E2");
}

TEST(WebhookRequest, AWholeCloudEventComesWithItsOwnMediaType) {
  const auto request = make_request(config(), encoded("cloudevents"), 1'700'000'001);
  EXPECT_TRUE(has(request, "Content-Type: application/cloudevents+json; charset=UTF-8"));
  EXPECT_TRUE(has(request, "webhook-id: a%2Eb%20c"));
  EXPECT_TRUE(has(request, "webhook-timestamp: 1700000001"));
  EXPECT_TRUE(has(request, "webhook-signature: " +
                               signatures(config().secrets, "a%2Eb%20c", 1'700'000'001, request.body)));
  EXPECT_TRUE(has(request, "Authorization: Bearer x"));
  EXPECT_NE(request.body.find("\"specversion\":\"1.0\""), std::string::npos);
  EXPECT_FALSE(request.use_proxy);
}

TEST(WebhookRequest, InBinaryModeAttributesAreHeaders) {
  const auto request = make_request(config(), encoded("cloudevents-binary"), 1);
  EXPECT_EQ(request.body, R"({"n":1})");
  for (const char* header :
       {"Content-Type: application/json", "ce-specversion: 1.0", "ce-id: a.b%20c", "ce-source: urn:test",
        "ce-type: user.created", "ce-subject: u%201", "ce-sequence: 00000000000000000007"})
    EXPECT_TRUE(has(request, header)) << header;
}

TEST(WebhookRequest, AMessagesFurtherHeadersGoOutUnderTheirName) {
  Message one = encoded("plain");
  one.headers.add({"signature", "a b"});
  EXPECT_TRUE(has(make_request(config(), one, 1), "signature: a b"));
}

}  // namespace
}  // namespace user_events::destinations::webhook
