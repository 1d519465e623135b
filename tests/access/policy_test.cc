#include "access/policy.h"

#include <gtest/gtest.h>

#include "signer.h"

namespace user_events::access {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;

ClientOptions client(const std::string& name) {
  ClientOptions out;
  out.name = name;
  return out;
}

/// Name of the principal, or the code of the refusal.
std::string who(const Policy& policy, const Credentials& credentials, std::int64_t now = kNow) {
  const auto identity = policy.identify(credentials, now);
  return identity ? identity->principal->name() : identity.error().code;
}

TEST(Policy, WithoutClientsThereIsNone) {
  const auto policy = Policy::make({}, {});
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(*policy, nullptr);
}

TEST(Policy, ATokenNamesItsClientAndNobodyElse) {
  auto a = client("a"), b = client("b");
  a.token_sha256 = {to_hex(hash_token("token-of-a")), to_hex(hash_token("next-token-of-a"))};
  b.token = "token-of-b";
  const auto policy = *Policy::make({a, b}, {});
  EXPECT_EQ(who(*policy, {"token-of-a", nullptr}), "a");
  EXPECT_EQ(who(*policy, {"next-token-of-a", nullptr}), "a");
  EXPECT_EQ(who(*policy, {"token-of-b", nullptr}), "b");
  EXPECT_EQ(who(*policy, {"token-of-", nullptr}), "invalid-token");
  EXPECT_EQ(who(*policy, {"", nullptr}), "invalid-token");
  EXPECT_EQ(who(*policy, {to_hex(hash_token("token-of-a")), nullptr}), "invalid-token");  // the hash is no token
  EXPECT_EQ(who(*policy, {}), "no-credentials");
}

TEST(Policy, OneTokenIsOneClients) {
  auto a = client("a"), b = client("b");
  a.token = b.token = "same";
  EXPECT_EQ(Policy::make({a, b}, {}).error().kind, ErrorKind::usage);
}

TEST(Policy, NothingIsGrantedThatIsNotSaid) {
  const auto none = *Principal::make(client("none"));
  for (std::size_t i = 0; i < kActions; ++i) EXPECT_FALSE(none->may(static_cast<Action>(i))) << i;
  auto options = client("some");
  options.grants.publish = {"user.*", "!user.role.*"};
  options.grants.admin = true;
  const auto some = *Principal::make(options);
  EXPECT_TRUE(some->may(Action::publish, "user.created"));
  EXPECT_FALSE(some->may(Action::publish, "user.role.assigned"));
  EXPECT_FALSE(some->may(Action::publish, "order.created"));
  EXPECT_TRUE(some->may_publish()("user.created"));
  EXPECT_FALSE(some->may_publish()("user.role.removed"));
  EXPECT_TRUE(some->may(Action::admin));
  for (const auto action : {Action::read, Action::dead_letters, Action::keys, Action::metrics}) EXPECT_FALSE(some->may(action)) << to_text(action);
}

TEST(Policy, ACertificateIsKnownBySubjectOrName) {
  auto a = client("a"), b = client("b");
  a.cert_subject = "CN=a,O=Example";
  b.cert_san = {"URI:spiffe://example/b", "DNS:b.example"};
  const auto policy = *Policy::make({a, b}, {});
  const auto by = [&](PeerCertificate certificate) { return who(*policy, {{}, &certificate}); };
  EXPECT_EQ(by({"CN=a,O=Example", {}}), "a");
  EXPECT_EQ(by({"CN=x", {"DNS:b.example"}}), "b");
  EXPECT_EQ(by({"CN=x", {"DNS:a", "URI:spiffe://example/b"}}), "b");
  EXPECT_EQ(by({"CN=a", {"DNS:b"}}), "unknown-certificate");
  EXPECT_EQ(by({"", {}}), "unknown-certificate");
  // A token decides, even a bad one.
  const PeerCertificate good{"CN=a,O=Example", {}};
  EXPECT_EQ(who(*policy, {"bad", &good}), "invalid-token");
}

class PolicyWithIssuer : public ::testing::Test {
 protected:
  void SetUp() override {
    IssuerOptions idp;
    idp.name = "idp";
    idp.issuer = "https://idp";
    idp.audience = "ue";
    idp.algorithms = {"EdDSA"};
    auto by_subject = client("by-subject"), by_scope = client("by-scope"), by_claim = client("by-claim"), plain = client("plain");
    by_subject.jwt = {"idp", "service-a", "", {}};
    by_scope.jwt = {"idp", "", "events.write", {}};
    by_claim.jwt = {"idp", "", "events.read", {"groups=ops"}};
    plain.token = "plain-token";
    policy_ = *Policy::make({plain, by_subject, by_scope, by_claim}, {idp});
  }
  [[nodiscard]] std::string judge(const std::string& claims, const std::string& id = "k1") const {
    const auto token = signer_.sign(R"({"alg":"EdDSA","kid":")" + id + "\"}", R"({"iss":"https://idp","aud":"ue","exp":1800000060)" + claims + "}");
    return who(*policy_, {token, nullptr});
  }
  testing::Signer signer_;
  std::shared_ptr<const Policy> policy_;
};

TEST_F(PolicyWithIssuer, KeysThatAreNotThereYetAreNoFaultOfTheToken) { EXPECT_EQ(judge(R"(,"sub":"service-a")"), "keys-not-loaded"); }

TEST_F(PolicyWithIssuer, ClaimsChooseTheClient) {
  policy_->key_stores()[0]->replace(*KeySet::parse(signer_.jwks("k1")));
  EXPECT_EQ(judge(R"(,"sub":"service-a")"), "by-subject");
  EXPECT_EQ(judge(R"(,"sub":"x","scope":"a events.write")"), "by-scope");
  EXPECT_EQ(judge(R"(,"scope":"events.read","groups":["dev","ops"])"), "by-claim");
  EXPECT_EQ(judge(R"(,"scope":"events.read","groups":["dev"])"), "no-such-client");
  EXPECT_EQ(judge(""), "no-such-client");
  EXPECT_EQ(who(*policy_, {"plain-token", nullptr}), "plain");
  EXPECT_EQ(policy_->identify({signer_.sign(R"({"alg":"EdDSA"})", R"({"iss":"https://idp","aud":"ue","sub":"service-a","exp":1800000060})"), nullptr}, kNow)
                ->until_ms, 1'800'000'090'000);
}

TEST_F(PolicyWithIssuer, UnknownKeysAskForOneReadingInHalfAMinute) {
  auto& store = *policy_->key_stores()[0];
  KeyStore::TimePoint now{std::chrono::hours(1)};
  EXPECT_TRUE(store.take_turn(now));
  store.replace(*KeySet::parse(signer_.jwks("k1")));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(judge("", "k2"), "invalid-token");
  EXPECT_FALSE(store.take_turn(now + std::chrono::seconds(29)));
  EXPECT_TRUE(store.take_turn(now + std::chrono::seconds(30)));
  EXPECT_FALSE(store.take_turn(now + std::chrono::seconds(120)));
  EXPECT_TRUE(store.take_turn(now + std::chrono::seconds(631)));
}

}  // namespace
}  // namespace user_events::access
