// Events as security event tokens. Other people's libraries verify them in tests/e2e.
#include "secevents/set_encoder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/base64url.h"
#include "crypto/derive.h"
#include "support/temporary_directory.h"

namespace user_events::secevents {
namespace {

constexpr encoding::Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 42};
const std::string kCaep = "https://schemas.openid.net/secevent/caep/event-type/", kRisc = "https://schemas.openid.net/secevent/risc/event-type/";

class SetEncoderTest : public ::testing::Test {
 protected:
  SetEncoderTest() {
    const std::string path = folder_.path() + "/key";
    std::ofstream(path) << std::string(64, 'a');
    ::chmod(path.c_str(), 0600);
    options_.signing_keys = {{"k", "HS256", {.file = path, .env = {}, .credential = {}}}};
    auto& destination = options_.destinations.emplace_back();
    destination.name = "partner";
    destination.format = "set";
    destination.sign = "k";
    destination.settings = {{"set.issuer", "https://idp.example"}, {"set.audience", "https://receiver.example"}, {"set.disabled", "suspended,locked"}, {"set.enabled", "active"},
                            {"set.purged", "deleted"}};
    book_ = std::move(signing::KeyBook::load(options_).value());
  }

  static encoding::Envelope event(std::string_view type, std::string_view data = R"({"userId":"u-1"})") {
    return {.id = "e-1", .source = "urn:test", .type = type, .partition_key = "u-1", .time_ms = 1'795'510'800'999, .data = data};
  }
  std::unique_ptr<encoding::Encoder> encoder() { return make_set_encoder(*book_, options_.destinations[0], destinations::parse_set_settings(options_.destinations[0]).value()); }
  /// The claims as JSON; `nothing` if the event is passed over.
  std::string claims(const encoding::Envelope& envelope, const encoding::Position& position = kPosition) {
    const auto made = encoder();
    encoding::Encoded out;
    out.headers.add({"left-over", "x"});
    const auto done = made->encode(envelope, position, out);
    if (done.readiness == encoding::Readiness::nothing) return "nothing";
    EXPECT_EQ(done.readiness, encoding::Readiness::ready);
    EXPECT_EQ(out.content_type, "application/secevent+jwt");
    EXPECT_EQ(out.headers.size(), 0u);
    EXPECT_LE(out.body.size(), made->body_bound_bytes(envelope));
    const auto first = out.body.find('.'), second = out.body.rfind('.');
    EXPECT_EQ(base::parse_base64url(out.body.substr(0, first)), R"({"alg":"HS256","typ":"secevent+jwt","kid":"k"})");
    const std::string key(32, '\xaa');
    const auto mac = crypto::hmac_sha256({reinterpret_cast<const unsigned char*>(key.data()), key.size()}, out.body.substr(0, second));
    EXPECT_EQ(out.body.substr(second + 1), base::base64url({reinterpret_cast<const char*>(mac.data()), mac.size()}));
    return *base::parse_base64url(out.body.substr(first + 1, second - first - 1));
  }
  static std::string with(const std::string& uri, const std::string& event_claims) {
    return R"({"iss":"https://idp.example","aud":"https://receiver.example","jti":"e-1.56a65968f6a45415","iat":1795510800,"toe":1795510800,"sub_id":{"format":"iss_sub","iss":"https://idp.example","sub":"u-1"},"events":{")" +
           uri + "\":" + event_claims + "}}";
  }

  test::TemporaryDirectory folder_;
  Options options_;
  std::unique_ptr<signing::KeyBook> book_;
};

TEST_F(SetEncoderTest, EachEventWithACounterpartIsToldAsThat) {
  const std::string at = R"("event_timestamp":1795510800})";
  EXPECT_EQ(claims(event("user.password.changed")), with(kCaep + "credential-change", R"({"credential_type":"password","change_type":"update",)" + at));
  EXPECT_EQ(claims(event("user.mfa.enabled", R"({"userId":"u-1","mfaType":"totp"})")), with(kCaep + "credential-change", R"({"credential_type":"app","change_type":"create",)" + at));
  EXPECT_EQ(claims(event("user.mfa.disabled", R"({"mfaType":"sms"})")), with(kCaep + "credential-change", R"({"credential_type":"phone-sms","change_type":"delete",)" + at));
  EXPECT_EQ(claims(event("user.mfa.enabled", R"({"mfaType":"web\"authn"})")), with(kCaep + "credential-change", R"({"credential_type":"web\"authn","change_type":"create",)" + at));
  EXPECT_EQ(claims(event("user.mfa.enabled")), with(kCaep + "credential-change", R"({"credential_type":"mfa","change_type":"create",)" + at));
  EXPECT_EQ(claims(event("user.loggedin", R"({"ipAddress":"192.0.2.1","userAgent":"x"})")), with(kCaep + "session-established", "{" + at));
  EXPECT_EQ(claims(event("user.password.reset.requested", R"({"email":"ada@example.com"})")), with(kRisc + "recovery-activated", "{}"));
}

TEST_F(SetEncoderTest, AStatusIsToldOnlyByRule) {
  const auto status = [this](const std::string& text) { return claims(event("user.account.status.changed", "{\"newStatus\":\"" + text + "\",\"previousStatus\":\"active\"}")); };
  EXPECT_EQ(status("suspended"), with(kRisc + "account-disabled", "{}"));
  EXPECT_EQ(status("locked"), with(kRisc + "account-disabled", "{}"));
  EXPECT_EQ(status("active"), with(kRisc + "account-enabled", "{}"));
  EXPECT_EQ(status("deleted"), with(kRisc + "account-purged", "{}"));
  EXPECT_EQ(status("on-holiday"), "nothing");
}

TEST_F(SetEncoderTest, WhatHasNoCounterpartIsPassedOver) {
  for (const char* type : {"user.created", "user.login.failed", "user.updated", "user.role.assigned", "user.own"}) EXPECT_EQ(claims(event(type)), "nothing") << type;
  auto nobody = event("user.loggedin");
  nobody.subject_is_key = false;
  EXPECT_EQ(claims(nobody), "nothing");
}

TEST_F(SetEncoderTest, SubjectAudienceAndReplayAreAsConfigured) {
  options_.destinations[0].settings["set.subject"] = "opaque";
  options_.destinations[0].settings["set.audience"] = "a,b";
  auto position = kPosition;
  position.replay = 2;
  const auto text = claims(event("user.loggedin"), position);
  EXPECT_NE(text.find(R"("sub_id":{"format":"opaque","id":"u-1"})"), std::string::npos);
  EXPECT_NE(text.find(R"("aud":["a","b"])"), std::string::npos);
  EXPECT_NE(text.find(R"("jti":"e-1.56a65968f6a45415.2")"), std::string::npos);
}

TEST_F(SetEncoderTest, EventsOfTwoSourcesWithOneIdAreTwoTokens) {
  const auto id_of = [](const std::string& text) { return text.substr(text.find(R"("jti")"), text.find(R"("iat")") - text.find(R"("jti")")); };
  auto other = event("user.loggedin");
  other.source = "urn:other";
  EXPECT_NE(id_of(claims(other)), id_of(claims(event("user.loggedin"))));
  EXPECT_EQ(id_of(claims(other)), id_of(claims(other)));
}

TEST_F(SetEncoderTest, SettingsAreCheckedTogether) {
  const auto refused = [](std::map<std::string, std::string> settings, const std::string& format = "set") {
    DestinationOptions options;
    options.format = format;
    options.settings = std::move(settings);
    const auto parsed = destinations::parse_set_settings(options);
    return parsed ? std::string() : parsed.error().fields.front().pointer;
  };
  EXPECT_EQ(refused({{"set.issuer", "https://a"}, {"set.audience", "b"}}), "");
  EXPECT_EQ(refused({{"set.audience", "b"}}), "set.issuer");
  EXPECT_EQ(refused({{"set.issuer", "a b"}, {"set.audience", "b"}}), "set.issuer");
  EXPECT_EQ(refused({{"set.issuer", "https://a"}}), "set.audience");
  EXPECT_EQ(refused({{"set.issuer", "https://a"}, {"set.audience", "b"}, {"set.subject", "email"}}), "set.subject");
  EXPECT_EQ(refused({{"set.issuer", "https://a"}, {"set.audience", "b"}, {"set.enabled", "x"}, {"set.disabled", "x"}}), "set.enabled");
  EXPECT_EQ(refused({{"set.issuer", "https://a"}}, "cloudevents"), "set.issuer");
}

}  // namespace
}  // namespace user_events::secevents
