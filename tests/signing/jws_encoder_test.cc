// The header that goes with a body, judged by the verifier of this room; other people's libraries judge it in tests/e2e.
#include "base/base64url.h"
#include "signing/jws.h"
#include "signing_fixture.h"

namespace user_events::signing::test {
namespace {

class JwsEncoderTest : public SigningFixture {};

TEST_F(JwsEncoderTest, SignsTheBodyAndAllAttributesInEveryFormatWithEitherAlgorithm) {
  for (const std::string format : {"cloudevents", "cloudevents-binary", "plain"}) {
    for (const std::string name : {"ed", "mac"}) {
      const auto given = options(destination(name, "jws", format));
      const auto book = open(given);
      const auto encoder = make_encoder(*book, given.destinations[0], json(format));
      const auto made = make(*encoder);
      ASSERT_EQ(made.readiness, encoding::Readiness::ready);
      EXPECT_EQ(made.body, make(*json(format)).body) << "signing changes no byte of the body";
      const auto verified = verify_jws(made.jws, made.body, name == "ed" ? public_keys(*book) : secret());
      ASSERT_TRUE(verified) << describe(verified.error());
      EXPECT_EQ(verified->destination, "crm");
      EXPECT_EQ(verified->key, name);
      EXPECT_EQ(verified->content_type, format == "cloudevents" ? "application/cloudevents+json; charset=UTF-8" : "application/json");
      Attributes all;
      encoding::for_each_attribute(event(), kPosition, [&all](auto attribute, auto value) { all.emplace_back(attribute, value); });
      EXPECT_EQ(verified->attributes, all);
      EXPECT_LE(made.body.size() + made.jws.size(), encoder->body_bound_bytes(event()));
    }
  }
}

TEST_F(JwsEncoderTest, TheProtectedHeaderIsWhatTheDocumentationSays) {
  const auto given = options(destination("ed"));
  const auto book = open(given);
  const auto jws = make(*make_encoder(*book, given.destinations[0], json())).jws;
  EXPECT_EQ(*base::parse_base64url(jws.substr(0, jws.find('.'))),
            R"({"alg":"EdDSA","kid":"ed","b64":false,"crit":["b64"],"destination":"crm","cty":"application/cloudevents+json; charset=UTF-8",)"
            R"("ce":{"specversion":"1.0","id":"e-\"1\"","source":"urn:test","type":"user.created","subject":"u-1","time":"2026-11-24T09:00:00.250Z",)"
            R"("dataschema":"urn:user-events:schema:user.created:1","partitionkey":"u-1","sequence":"00000000000000000042",)"
            R"("journalid":"0197a1b2-0000-7000-8000-00000000000a","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",)"
            R"("tenant":"nörd","level":"7"}})");
}

TEST_F(JwsEncoderTest, TheSameEventGivesTheSameBytesAtEachAttempt) {
  for (const std::string name : {"ed", "mac"}) {
    const auto given = options(destination(name));
    const auto book = open(given), other = open(given);
    const auto encoder = make_encoder(*book, given.destinations[0], json());
    const auto first = make(*encoder);
    auto another = event();
    another.id = "e-2";
    EXPECT_NE(make(*encoder, another).jws, first.jws);
    EXPECT_EQ(make(*encoder).jws, first.jws);
    EXPECT_EQ(make(*make_encoder(*other, given.destinations[0], json())).jws, first.jws) << "after a restart, too";
  }
}

TEST_F(JwsEncoderTest, AttributesThatNoHeaderCanHoldAreRefused) {
  const auto given = options(destination("ed"));
  const auto book = open(given);
  const auto encoder = make_encoder(*book, given.destinations[0], json());
  auto large = event();
  const std::string extensions = R"("note":")" + std::string(kMaxProtectedBytes, 'x') + "\"";
  large.extensions = extensions;
  const auto refused = make(*encoder, large);
  EXPECT_EQ(refused.readiness, encoding::Readiness::refused);
  EXPECT_NE(refused.reason.find("attributes are too large to be signed"), std::string::npos);
  EXPECT_EQ(refused.reason.find("xxx"), std::string::npos);
  const std::string fitting = R"("note":")" + std::string(kMaxProtectedBytes - 800, 'x') + "\"";
  large.extensions = fitting;
  const auto made = make(*encoder, large);
  EXPECT_EQ(made.readiness, encoding::Readiness::ready);
  EXPECT_LE(made.jws.size(), kMaxJwsBytes);
}

TEST_F(JwsEncoderTest, AReloadedKeySignsTheNextEvent) {
  auto given = options(destination("ed"));
  const auto book = open(given);
  const auto encoder = make_encoder(*book, given.destinations[0], json());
  const auto key_that_signed = [&] {
    const auto made = make(*encoder);
    const auto verified = verify_jws(made.jws, made.body, public_keys(*book));
    return verified ? verified->key : describe(verified.error());
  };
  EXPECT_EQ(key_that_signed(), "ed");
  given.signing_keys.push_back(key("next", "EdDSA", kOtherPem));
  given.destinations[0].sign = "next";
  ASSERT_TRUE(book->reload(given));
  EXPECT_EQ(key_that_signed(), "next");
}

class NeverReady final : public encoding::Encoder {
 public:
  encoding::Encoding encode(const encoding::Envelope&, const encoding::Position&, encoding::Encoded&) override { return {encoding::Readiness::not_now, "no schema"}; }
  [[nodiscard]] std::size_t body_bound_bytes(const encoding::Envelope&) const noexcept override { return 10; }
  [[nodiscard]] std::string waits_for() const override { return "a registry"; }
};

TEST_F(JwsEncoderTest, WhatIsNotMadeYetIsNotSigned) {
  const auto given = options(destination("ed"));
  const auto book = open(given);
  const auto encoder = make_encoder(*book, given.destinations[0], std::make_unique<NeverReady>());
  const auto made = make(*encoder);
  EXPECT_EQ(made.readiness, encoding::Readiness::not_now);
  EXPECT_EQ(made.headers, 0u);
  EXPECT_EQ(encoder->waits_for(), "a registry");
}

}  // namespace
}  // namespace user_events::signing::test
