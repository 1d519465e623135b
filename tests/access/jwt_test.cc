#include "access/jwt.h"

#include <gtest/gtest.h>

#include "access/token.h"
#include "base/base64url.h"
#include "signer.h"

namespace user_events::access {
namespace {

using testing::Signer;

constexpr std::int64_t kNow = 1'800'000'000'000;
const std::string kHeader = R"({"alg":"EdDSA","kid":"k1"})";
const std::string kPayload = R"({"iss":"https://idp","aud":"ue","sub":"a","exp":1800000060})";

TokenRules rules() { return {"https://idp", "ue", {Algorithm::eddsa}, 30'000}; }

/// `ok`, or why not.
std::string judged(const std::string& token, const KeySet& keys, const TokenRules& by = rules(), std::int64_t now = kNow) {
  const auto parsed = UnverifiedToken::parse(token);
  if (!parsed) return "unreadable";
  const auto verified = verify(*parsed, by, keys, now);
  return verified ? "ok" : verified.error().code == "unknown-key" ? "unknown-key" : verified.error().message;
}

class Jwt : public ::testing::Test {
 protected:
  [[nodiscard]] std::string judge(const std::string& header, const std::string& payload, std::int64_t now = kNow) const {
    return judged(signer_.sign(header, payload), keys_, rules(), now);
  }
  Signer signer_;
  KeySet keys_ = *KeySet::parse(signer_.jwks("k1"));
};

constexpr std::string_view kRefused = "the token is not valid here";

TEST_F(Jwt, AGoodTokenIsGood) {
  EXPECT_EQ(judge(kHeader, kPayload), "ok");
  EXPECT_EQ(judge(R"({"alg":"EdDSA"})", kPayload), "ok");  // one key only: no id is needed
  EXPECT_EQ(judge(R"({"alg":"EdDSA","kid":"k1","typ":"at+JWT"})", R"({"iss":"https://idp","aud":["x","ue"],"exp":1800000060.5})"), "ok");
}

// RFC 7515, A.3, and RFC 8037, A.4
TEST(JwtKeys, TheExamplesOfTheStandardsVerify) {
  const auto keys = KeySet::parse(R"({"keys":[
    {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
  ASSERT_TRUE(keys.has_value()) << describe(keys.error());
  const std::string es256 =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const std::string eddsa = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const auto es_signature = *base::parse_base64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  const auto ed_signature = *base::parse_base64url("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  EXPECT_TRUE(keys->find(Algorithm::es256, {})->verifies(es256, es_signature));
  EXPECT_TRUE(keys->find(Algorithm::eddsa, {})->verifies(eddsa, ed_signature));
  EXPECT_FALSE(keys->find(Algorithm::es256, {})->verifies(es256 + "x", es_signature));
  EXPECT_FALSE(keys->find(Algorithm::eddsa, {})->verifies(es256, ed_signature));
  EXPECT_FALSE(keys->find(Algorithm::es256, {})->verifies(es256, std::string(64, '\0')));  // r = s = 0
  EXPECT_FALSE(keys->find(Algorithm::es256, {})->verifies(es256, ""));
}

TEST_F(Jwt, NothingInTheHeaderChoosesAlgorithmOrKey) {
  for (const char* alg : {"none", "None", "HS256", "RS256", "ES256", "eddsa", ""})
    EXPECT_EQ(judge(std::string(R"({"kid":"k1","alg":")") + alg + "\"}", kPayload), kRefused) << alg;
  for (const char* member : {R"("jwk":{})", R"("jku":"https://evil")", R"("x5u":"https://evil")", R"("x5c":[])", R"("crit":[])", R"("crit":["exp"])",
                             R"("zip":"DEF")", R"("b64":false)", R"("kid":7)", R"("typ":"logout+jwt")", R"("typ":1)", R"("alg":"EdDSA")"})
    EXPECT_EQ(judge(std::string(R"({"alg":"EdDSA",)") + member + "}", kPayload), "unreadable") << member;
  for (const char* id : {"k2", "", "../../../../dev/null", "k1' OR '1'='1", "https://evil/keys.json", "k1\\u0000"})
    EXPECT_EQ(judge(std::string(R"({"alg":"EdDSA","kid":")") + id + "\"}", kPayload), "unknown-key") << id;
  EXPECT_EQ(judge(R"({"alg":"EdDSA","kid":")" + std::string(300, 'a') + "\"}", kPayload), "unreadable");
}

TEST_F(Jwt, AnotherKeyOrChangedBytesAreRefused) {
  EXPECT_EQ(judged(Signer().sign(kHeader, kPayload), keys_), kRefused);
  const auto good = signer_.sign(kHeader, kPayload);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(judged(changed, keys_), "ok") << i;
  }
  EXPECT_EQ(judged(good.substr(0, good.rfind('.') + 1), keys_), kRefused);
}

TEST_F(Jwt, TimesAndAudienceAreChecked) {
  const auto with = [&](const std::string& rest, std::int64_t now = kNow) { return judge(kHeader, R"({"iss":"https://idp","aud":"ue")" + rest + "}", now); };
  EXPECT_EQ(with(""), "the token has no end (exp)");
  EXPECT_EQ(with(R"(,"exp":1799999969)"), "the token has expired");
  EXPECT_EQ(with(R"(,"exp":1799999971)"), "ok");  // the leeway
  EXPECT_EQ(with(R"(,"exp":1800000060,"nbf":1800000031)"), "the token is not valid yet");
  EXPECT_EQ(with(R"(,"exp":1800000060,"nbf":1800000029)"), "ok");
  EXPECT_EQ(with(R"(,"exp":1800000060,"iat":1800000031)"), "the token is not valid yet");
  EXPECT_EQ(with(R"(,"exp":-1)"), "the token has expired");
  for (const char* bad : {R"(,"exp":"1800000060")", R"(,"exp":null)", R"(,"exp":1e999)", R"(,"exp":1800000060,"nbf":"x")", R"(,"exp":1800000060,"exp":1900000000)"})
    EXPECT_EQ(with(bad), "unreadable") << bad;
  EXPECT_EQ(judge(kHeader, R"({"iss":"https://idp","exp":1800000060})"), "the token is for another audience");
  EXPECT_EQ(judge(kHeader, R"({"iss":"https://idp","aud":["other"],"exp":1800000060})"), "the token is for another audience");
  EXPECT_EQ(judge(kHeader, R"({"iss":"https://other","aud":"ue","exp":1800000060})"), kRefused);
}

TEST_F(Jwt, BrokenTextsAreUnreadable) {
  const auto good = signer_.sign(kHeader, kPayload);
  for (const std::string& text : {std::string(), std::string(".."), std::string("a.b"), good + ".x", good + "=", " " + good, good + "\n",
                                 std::string(kMaxTokenBytes + 1, 'a'), base::base64url("[]") + "." + base::base64url("{}") + ".", base::base64url("{}") + "..",
                                 base::base64url("null") + "." + base::base64url("null") + "."})
    EXPECT_EQ(judged(text, keys_), "unreadable") << text.substr(0, 60);
  EXPECT_EQ(judge(kHeader, std::string(2'000, '[')), "unreadable");
  EXPECT_EQ(judge(kHeader, R"({"a":)" + std::string(50, '[') + std::string(50, ']') + "}"), "unreadable");
}

TEST_F(Jwt, ClaimsAreTextsOrListsOfTexts) {
  const auto token = UnverifiedToken::parse(signer_.sign(kHeader, R"({"sub":"a","roles":["x","y",1],"scope":"ab c:d","n":1})"));
  ASSERT_TRUE(token.has_value());
  EXPECT_TRUE(token->claims("sub", "a"));
  EXPECT_TRUE(token->claims("roles", "y"));
  EXPECT_FALSE(token->claims("roles", "z"));
  EXPECT_FALSE(token->claims("n", "1"));
  EXPECT_TRUE(token->has_scope("c:d"));
  EXPECT_FALSE(token->has_scope("a"));
  EXPECT_FALSE(token->has_scope(""));
}

TEST(JwtKeys, OnlyKeysThatCanBeTrustedAreTaken) {
  const auto code = [](const std::string& keys) {
    const auto set = KeySet::parse("{\"keys\":[" + keys + "]}");
    return set ? std::to_string(set->size()) : set.error().code;
  };
  const Signer signer;
  const std::string small_rsa = R"({"kty":"RSA","e":"AQAB","n":")" + base::base64url(std::string(128, '\xff')) + "\"}";
  const std::string off_curve = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})";
  const std::string shared = R"({"kty":"oct","k":"AAAA"})";
  EXPECT_EQ(code(signer.jwk("a")), "1");
  EXPECT_EQ(code(signer.jwk("a") + "," + small_rsa + "," + off_curve + "," + shared), "1");
  EXPECT_EQ(code(signer.jwk("a") + "," + signer.jwk("a")), "bad-key-set");
  EXPECT_EQ(code(R"({"use":"enc",)" + signer.jwk("a").substr(1)), "bad-key-set");
  EXPECT_EQ(code(R"({"alg":"RS256",)" + signer.jwk("a").substr(1)), "bad-key-set");
  EXPECT_EQ(code(""), "bad-key-set");
  for (const char* text : {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":[],\"keys\":[]}"}) EXPECT_FALSE(KeySet::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace user_events::access
