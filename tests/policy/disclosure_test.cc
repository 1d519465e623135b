#include "policy/disclosure.h"

#include <algorithm>

#include "base/base64url.h"
#include "crypto/aead.h"
#include "privacy/ring_fixture.h"
#include "privacy/sealed_record.h"
#include "support.h"

namespace user_events::policy::test {
namespace {

constexpr std::string_view kData = R"({"userId":"u-1","email":"Ada@example.com","username":"ada","registrationTimestamp":"2026-11-24T09:00:00.000Z","status":"active"})";

std::string member(std::string_view json, std::string_view name) {
  const auto at = json.find("\"" + std::string(name) + "\":\"");
  if (at == std::string_view::npos) return {};
  const auto begin = at + name.size() + 4;
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

class DisclosureTest : public privacy::test::RingFixture {
 protected:
  DisclosureTest() {
    privacy::append_lane(privacy::kUserLane, privacy::test::subject(1), lane_);
    EXPECT_TRUE(ring_->key_for(privacy::test::subject(1), key_));
  }

  [[nodiscard]] encoding::Envelope event() const {
    return {.id = "e-1", .source = "urn:a", .type = "user.created", .version = 1, .partition_key = "u-1", .extensions = R"("tenant":"t")", .data = kData,
            .lane = lane_, .sealed_under = privacy::text_of_key(key_.id)};
  }
  Disclosure make(const PrivacyPolicyOptions& policy, const std::string& receiver = "crm") {
    auto made = Disclosure::make(std::make_shared<Plans>(catalogue_, policy_of(policy)), receiver, ring_.get());
    if (!made) throw std::runtime_error(describe(made.error()));
    return *std::move(made);
  }
  encoding::Envelope apply(Disclosure& disclosure, encoding::Envelope envelope) {
    const auto done = disclosure.apply(envelope);
    EXPECT_TRUE(done) << describe(done.error());
    return envelope;
  }
  std::string token(const PrivacyPolicyOptions& policy, const std::string& receiver = "crm") {
    auto disclosure = make(policy, receiver);
    return member(apply(disclosure, event()).data, "email");
  }

  std::unique_ptr<privacy::KeyRing> ring_ = start();
  base::Live<catalogue::Catalogue> catalogue_{catalogue_with_notes()};
  std::string lane_;
  privacy::LentKey key_;
};

TEST_F(DisclosureTest, KeySubjectAndExtensionsFollowThePolicy) {
  auto analytics = make({{"preset", "analytics"}});
  const auto seen = apply(analytics, event());
  EXPECT_TRUE(seen.partition_key.starts_with("tok1_"));
  EXPECT_EQ(seen.partition_key, member(seen.data, "userId"));
  EXPECT_TRUE(seen.subject_is_key);
  EXPECT_EQ(seen.extensions, "");
  EXPECT_EQ(seen.schema_variant.size(), 9u);
  auto omitted = make({{"user-id", "omit"}});
  const auto without = apply(omitted, event());
  EXPECT_FALSE(without.subject_is_key);
  EXPECT_EQ(without.partition_key, seen.partition_key) << "one user has one key, shown or not";
  EXPECT_EQ(without.extensions, event().extensions);
  auto masked = make({{"email", "mask"}});
  EXPECT_EQ(apply(masked, event()).partition_key, "u-1");
}

TEST_F(DisclosureTest, TheKeyOfAnEventWithoutAUserIsTheReceiversOwn) {
  encoding::Envelope failed = event();
  failed.type = "user.login.failed";
  failed.subject_is_key = false;
  failed.partition_key = "tok_0123";
  failed.data = R"({"email":"ada@example.com","ipAddress":"192.0.2.1"})";
  auto one = make({{"preset", "minimal"}}, "one"), other = make({{"preset", "minimal"}}, "other");
  const std::string key(apply(one, failed).partition_key);
  EXPECT_TRUE(key.starts_with("tok1_"));
  EXPECT_NE(key, apply(other, failed).partition_key);
}

TEST_F(DisclosureTest, TokensJoinWithinADomainAndVersionOnly) {
  const PrivacyPolicyOptions own = {{"email", "token"}}, shared = {{"email", "token"}, {"token_domain", "warehouse"}},
                             next = {{"email", "token"}, {"key_version", "2"}};
  EXPECT_EQ(token(own), token(own));
  EXPECT_NE(token(own, "crm"), token(own, "bi"));
  EXPECT_EQ(token(shared, "crm"), token(shared, "bi"));
  EXPECT_NE(token(shared), token({{"email", "token"}}, "warehouse")) << "a receiver called like a shared domain is not in it";
  EXPECT_NE(token(next).substr(5), token(own).substr(5));
  EXPECT_TRUE(token(next).starts_with("tok2_"));
  auto upper = make(own);
  auto lower = event();
  lower.data = R"({"userId":"u-1","email":"ada@EXAMPLE.com"})";
  EXPECT_EQ(member(apply(upper, lower).data, "email"), token(own)) << "an address is the same in any case";
}

TEST_F(DisclosureTest, AFieldIsReadBackWithTheKeyOfItsKidAndNothingElseChanged) {
  auto disclosure = make({{"email", "encrypt"}});
  const auto seen = apply(disclosure, event());
  const std::string field = member(seen.data, "email");
  ASSERT_TRUE(field.starts_with("enc1.crm.1.")) << field;
  const std::string kid = field.substr(5, field.rfind('.') - 5);
  const auto id = FieldKeyId::parse(kid);
  ASSERT_TRUE(id);
  ASSERT_EQ(user_key_of(*ring_, *id), key_.id);
  FieldKey key;
  derive_field_key(key_, id->receiver, id->version, key);
  const auto open = [&](const std::string& associated) -> std::string {
    std::string sealed = *base::parse_base64url(field.substr(field.rfind('.') + 1));
    const std::span<char> all(sealed);
    const auto text = all.subspan(crypto::kNonceBytes, sealed.size() - crypto::kNonceBytes - crypto::kTagBytes);
    const bool good = crypto::open(key.key.bytes(), crypto::Nonce(reinterpret_cast<const unsigned char*>(sealed.data()), crypto::kNonceBytes), associated, text,
                                   all.last<crypto::kTagBytes>());
    return good ? std::string(text.begin(), text.end()) : "refused";
  };
  EXPECT_EQ(open("e-1\nuser.created\n1\n" + kid + "\n/email"), R"("Ada@example.com")");
  for (const std::string& other : {"e-2\nuser.created\n1\n" + kid + "\n/email", "e-1\nuser.updated\n1\n" + kid + "\n/email", "e-1\nuser.created\n2\n" + kid + "\n/email",
                                   std::string("e-1\nuser.created\n1\nother\n/email"), "e-1\nuser.created\n1\n" + kid + "\n/username"})
    EXPECT_EQ(open(other), "refused") << other;
}

TEST_F(DisclosureTest, TheSameEventIsTheSameBytesAndAnotherIsNot) {
  auto first = make({{"email", "encrypt"}}), again = make({{"email", "encrypt"}}), other = make({{"email", "encrypt"}}, "bi");
  const std::string field = member(apply(first, event()).data, "email");
  EXPECT_EQ(field, member(apply(first, event()).data, "email"));
  EXPECT_EQ(field, member(apply(again, event()).data, "email"));
  auto later = event();
  later.id = "e-2";
  const std::string second = member(apply(first, later).data, "email");
  const auto bytes = [](const std::string& text) { return text.substr(text.rfind('.') + 1); };
  const auto kid = [](const std::string& text) { return text.substr(text.find('1', 8), text.rfind('.') - text.find('1', 8)); };
  EXPECT_NE(bytes(field).substr(0, 16), bytes(second).substr(0, 16)) << "no nonce comes twice";
  EXPECT_EQ(kid(field), kid(second));
  EXPECT_NE(kid(field), kid(member(apply(other, event()).data, "email"))) << "two receivers cannot tell that it is one user";
}

TEST_F(DisclosureTest, OnceForgottenNothingIsEncryptedAndTheKeyIsGone) {
  auto disclosure = make({{"email", "encrypt"}});
  const privacy::KeyId id = key_.id;
  ASSERT_TRUE(ring_->forget({{privacy::test::subject(1)}}));
  auto envelope = event();
  const auto done = disclosure.apply(envelope);
  ASSERT_FALSE(done);
  EXPECT_TRUE(privacy::is_erased(done.error()));
  privacy::LentKey gone;
  EXPECT_TRUE(privacy::is_erased(ring_->key_named(id, gone).error()));
}

TEST_F(DisclosureTest, AnEventFromBeforeEventsWereSealedHasNoKeyAndLosesTheField) {
  auto disclosure = make({{"email", "encrypt"}});
  auto clear = event();
  clear.sealed_under = {};
  EXPECT_EQ(apply(disclosure, clear).data.find("email"), std::string::npos);
}

TEST_F(DisclosureTest, AKidOfNobodysIsNone) {
  for (const char* const text : {"", ".", "crm", "crm.1", "crm.x.AAAA", "crm.1.AAAA", "crm.1.", "..", "crm.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA*"})
    EXPECT_FALSE(FieldKeyId::parse(text)) << text;
  const auto forged = FieldKeyId::parse("crm.1." + base::base64url(std::string(kWrappedIdBytes, 'x')));
  ASSERT_TRUE(forged);
  EXPECT_FALSE(user_key_of(*ring_, *forged));
}

TEST_F(DisclosureTest, WithoutKeysOnlyPoliciesThatNeedNoneWork) {
  const auto plans = [&](const PrivacyPolicyOptions& policy) { return std::make_shared<Plans>(catalogue_, policy_of(policy)); };
  EXPECT_FALSE(Disclosure::make(plans({{"preset", "analytics"}}), "crm", nullptr));
  auto masking = Disclosure::make(plans({{"email", "mask"}}), "crm", nullptr);
  ASSERT_TRUE(masking);
  EXPECT_EQ(member(apply(*masking, event()).data, "email"), "A***@example.com");
}

}  // namespace
}  // namespace user_events::policy::test
