#include "signing/verify.h"

#include "base/base64url.h"
#include "crypto/derive.h"
#include "signing_fixture.h"

namespace user_events::signing::test {
namespace {

using base::base64url;

const std::string kBody = R"({"userId":"u-1"})";
const std::string kHead = R"({"alg":"HS256","kid":"mac","b64":false,"crit":["b64"],"destination":"crm","cty":"application/json","ce":{"id":"e-1"}})";

class VerifyTest : public SigningFixture {
 protected:
  /// A JWS with a good HMAC, whatever its header says.
  static std::string mac(const std::string& head, const std::string& body = kBody) {
    const auto keys = secret();
    const auto hash = crypto::hmac_sha256(keys.secret->bytes(), base64url(head) + "." + body);
    return base64url(head) + ".." + base64url({reinterpret_cast<const char*>(hash.data()), hash.size()});
  }
  static std::string why_not(const std::string& jws, const VerifyingKeys& keys, const std::string& body = kBody) {
    const auto verified = verify_jws(jws, body, keys);
    if (verified) return "";
    EXPECT_EQ(verified.error().code, "not-verified");
    return verified.error().message;
  }
};

TEST_F(VerifyTest, BelievesWhatIsSigned) {
  const auto verified = verify_jws(mac(kHead), kBody, secret());
  ASSERT_TRUE(verified) << describe(verified.error());
  EXPECT_EQ(verified->algorithm, "HS256");
  EXPECT_EQ(verified->destination, "crm");
  EXPECT_EQ(verified->attributes, (Attributes{{"id", "e-1"}}));
  EXPECT_TRUE(require_attributes(*verified, {{"id", "e-1"}}));
  EXPECT_FALSE(require_attributes(*verified, {{"id", "e-2"}}));
  EXPECT_FALSE(require_attributes(*verified, {{"id", "e-1"}, {"type", "user.created"}}));
}

TEST_F(VerifyTest, AChangedBitAnywhereIsNoticed) {
  const std::string jws = mac(kHead);
  for (std::size_t i = 0; i < kBody.size(); ++i) {
    std::string body = kBody;
    body[i] = static_cast<char>(body[i] ^ 1);
    EXPECT_NE(why_not(jws, secret(), body), "") << i;
  }
  for (std::size_t i = 0; i < jws.size(); ++i) {
    std::string changed = jws;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(why_not(changed, secret()), "") << i;
  }
  EXPECT_NE(why_not(jws, secret(), kBody + " "), "");
}

TEST_F(VerifyTest, RefusesWhatIsNoDetachedJwsOverPlainBytes) {
  const std::string jws = mac(kHead);
  const auto dots = jws.find("..");
  for (const std::string& text : {std::string(), std::string("."), std::string(".."), jws.substr(0, dots), jws.substr(0, dots) + "." + base64url(kBody) + jws.substr(dots + 1),
                                  jws + ".", jws + "=", std::string(kMaxReceivedJwsBytes + 1, 'A')})
    EXPECT_NE(why_not(text, secret()), "") << text.substr(0, 40);
}

TEST_F(VerifyTest, RefusesHeadersThatAskForAnythingElse) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string head = kHead;
    return head.replace(head.find(from), from.size(), to);
  };
  EXPECT_EQ(why_not(mac(kHead), secret()), "");
  for (const std::string& head :
       {with("HS256", "none"), with("HS256", "None"), with("HS256", "HS384"), with("HS256", "RS256"), with(R"("HS256")", "null"), with(R"(,"crit":["b64"])", ""),
        with(R"(["b64"])", R"(["b64","exp"])"), with(R"(["b64"])", R"(["exp"])"), with(R"(["b64"])", "[]"), with(R"(["b64"])", R"("b64")"), with(R"("b64":false)", R"("b64":true)"),
        with(R"("b64":false,)", ""), with(R"("kid":"mac",)", ""), with(R"("kid")", R"("alg":"HS256","kid")"), with(R"({"id":"e-1"})", R"([])"), with(R"("e-1")", "1"),
        std::string("[]"), std::string("{}")})
    EXPECT_NE(why_not(mac(head), secret()), "") << head;
}

TEST_F(VerifyTest, AKeyOfOneKindIsNeverTakenForTheOther) {
  const auto book = open(options(destination("ed")));
  const auto made = make(*make_encoder(*book, destination("ed"), json()));
  EXPECT_EQ(why_not(made.jws, public_keys(*book), made.body), "");
  EXPECT_NE(why_not(made.jws, secret(), made.body).find("no public keys are given"), std::string::npos);
  EXPECT_NE(why_not(mac(kHead), public_keys(*book)).find("no"), std::string::npos);
  // The public key is no secret: whoever knows it must not be able to sign with it.
  VerifyingKeys keys = public_keys(*book);
  keys.secret = crypto::SecretKey();
  const auto x = *base::parse_base64url(kPublic);
  std::ranges::copy(x, reinterpret_cast<char*>(keys.secret->writable().data()));
  std::string forged_head = kHead;
  forged_head.replace(forged_head.find("HS256"), 5, "EdDSA");
  const auto hash = crypto::hmac_sha256(keys.secret->bytes(), base64url(forged_head) + "." + kBody);
  EXPECT_NE(why_not(base64url(forged_head) + ".." + base64url({reinterpret_cast<const char*>(hash.data()), hash.size()}), public_keys(*book)), "");
}

TEST_F(VerifyTest, AnUnknownKeyIsNamedAsSuch) {
  const auto book = open(options(destination("ed")));
  const auto made = make(*make_encoder(*book, destination("ed"), json()));
  Options other;
  other.signing_keys = {key("other", "EdDSA", kPem)};
  EXPECT_NE(why_not(made.jws, public_keys(*open(other)), made.body).find("no public key of the name"), std::string::npos);
  Options same_name;
  same_name.signing_keys = {key("ed", "EdDSA", kOtherPem)};
  EXPECT_NE(why_not(made.jws, public_keys(*open(same_name)), made.body).find("not of this body and key"), std::string::npos);
}

}  // namespace
}  // namespace user_events::signing::test
