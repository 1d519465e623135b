#include "policy/privacy_policy.h"

#include "support.h"

namespace user_events::policy::test {
namespace {

std::string refusal(const PrivacyPolicyOptions& given) {
  const auto policy = PrivacyPolicy::parse(given);
  return policy ? "taken" : policy.error().fields.front().pointer + " " + policy.error().fields.front().detail;
}

TEST(PrivacyPolicyTest, WithoutSettingsEverythingIsClear) {
  const PrivacyPolicy policy = policy_of({});
  EXPECT_TRUE(policy.is_clear());
  EXPECT_FALSE(policy.needs_keys());
  EXPECT_TRUE(policy_of({{"preset", "trusted"}}).is_clear());
}

TEST(PrivacyPolicyTest, PresetsAreWhatTheDocumentationSays) {
  const PrivacyPolicy analytics = policy_of({{"preset", "analytics"}}), minimal = policy_of({{"preset", "minimal"}});
  for (const char* const klass : {"user-id", "identifier", "email", "username"}) EXPECT_EQ(analytics.of(klass), Action::token) << klass;
  for (const char* const klass : {"ip", "user-agent"}) EXPECT_EQ(analytics.of(klass), Action::mask) << klass;
  for (const char* const klass : {"name", "address", "phone", "free-text", "attributes", "a-class-of-ones-own"}) EXPECT_EQ(analytics.of(klass), Action::omit) << klass;
  for (const auto& klass : standard_classes()) EXPECT_EQ(minimal.of(klass), klass == "user-id" ? Action::token : Action::omit) << klass;
  EXPECT_EQ(minimal.of("none"), Action::clear);
}

TEST(PrivacyPolicyTest, AClassThatIsNamedIsNotThePresets) {
  const PrivacyPolicy policy = policy_of({{"preset", "minimal"}, {"email", "clear"}, {"others", "mask"}});
  EXPECT_EQ(policy.of("email"), Action::clear);
  EXPECT_EQ(policy.of("phone"), Action::mask);
  EXPECT_EQ(policy.of("user-id"), Action::token);
  EXPECT_EQ(policy.of("attributes"), Action::omit);
  EXPECT_EQ(policy.strictest(), Action::token);
}

TEST(PrivacyPolicyTest, AttributesAreNoDataAndAreNotTheStrictestOfIt) {
  EXPECT_EQ(policy_of({{"email", "token"}, {"attributes", "omit"}}).strictest(), Action::token);
  EXPECT_EQ(mark_of(policy_of({{"email", "token"}, {"attributes", "omit"}})), mark_of(policy_of({{"email", "token"}})));
  EXPECT_EQ(policy_of({{"attributes", "omit"}}).strictest(), Action::clear);
  EXPECT_FALSE(policy_of({{"attributes", "omit"}}).is_clear());
}

TEST(PrivacyPolicyTest, WhatCannotWorkIsRefusedByName) {
  EXPECT_EQ(refusal({{"preset", "strict"}}), "privacy.preset is none of trusted, analytics and minimal");
  EXPECT_EQ(refusal({{"email", "hide"}}), "privacy.email is none of clear, mask, token, encrypt and omit");
  EXPECT_EQ(refusal({{"E-Mail", "mask"}}), "privacy.E-Mail is no class of personal data; docs/security/privacy-policies.md names them");
  EXPECT_EQ(refusal({{"none", "omit"}}), "privacy.none is no class of personal data; docs/security/privacy-policies.md names them");
  EXPECT_TRUE(refusal({{"user-id", "mask"}}).starts_with("privacy.user-id cannot be mask"));
  EXPECT_TRUE(refusal({{"others", "mask"}}).starts_with("privacy.user-id cannot be mask"));
  EXPECT_EQ(refusal({{"attributes", "token"}}), "privacy.attributes is clear or omit");
  for (const char* const version : {"0", "10000", "1.5", "-1", "", "x"})
    EXPECT_EQ(refusal({{"key_version", version}}), "privacy.key_version is not a whole number from 1 to 9999") << version;
  EXPECT_TRUE(refusal({{"token_domain", "a b"}}).starts_with("privacy.token_domain is not a name"));
}

TEST(PrivacyPolicyTest, KeysAreNeededForTokensCiphertextsAndMessageKeysWithoutTheUserId) {
  EXPECT_FALSE(policy_of({{"email", "mask"}, {"ip", "omit"}}).needs_keys());
  EXPECT_TRUE(policy_of({{"email", "token"}}).needs_keys());
  EXPECT_TRUE(policy_of({{"email", "encrypt"}}).needs_keys());
  EXPECT_TRUE(policy_of({{"user-id", "omit"}}).needs_keys());
}

TEST(PrivacyPolicyTest, AClassThatNoTypeHasIsNoticed) {
  const auto catalogue = catalogue_with_notes();
  EXPECT_TRUE(check_classes(policy_of({{"email", "mask"}, {"phone", "mask"}, {"birth", "omit"}}), catalogue));
  const auto misspelt = check_classes(policy_of({{"emial", "mask"}}), catalogue);
  ASSERT_FALSE(misspelt);
  EXPECT_NE(misspelt.error().message.find("did you mean email?"), std::string::npos) << misspelt.error().message;
}

}  // namespace
}  // namespace user_events::policy::test
