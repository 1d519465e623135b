#include "policy/redactor.h"

#include "support.h"

namespace user_events::policy::test {
namespace {

/// Says what it was given.
class Echo final : public Substitutes {
 public:
  void append_token(std::string_view text, std::string& out) override { out.append("T:").append(text); }
  bool append_encrypted(std::string_view pointer, std::string_view json, std::string& out) override {
    if (!has_key) return false;
    out.append("E:").append(pointer).append("=").append(std::to_string(json.size()));
    return true;
  }
  bool has_key = true;
};

class RedactorTest : public ::testing::Test {
 protected:
  std::string run(const PrivacyPolicyOptions& policy, std::string_view data, std::string_view type = "user.noted") {
    const Plans plans(catalogue_, policy_of(policy));
    const auto plan = plans.find(type, 1);
    if (!plan) return describe(plan.error());
    variant_ = (*plan)->variant;
    std::string out = "kept ";
    return redactor_.run(**plan, data, echo_, out) ? out.substr(5) : "no standard form";
  }

  base::Live<catalogue::Catalogue> catalogue_{catalogue_with_notes()};
  Redactor redactor_;
  Echo echo_;
  std::string variant_;
};

TEST_F(RedactorTest, ATrustedReceiverGetsWhatWasPublished) {
  constexpr std::string_view kData = R"({"userId":"u-1","emails":["a@b.c"],"note":{"x":1},"more":"y"})";
  EXPECT_EQ(run({}, kData), kData);
  EXPECT_EQ(variant_, "");
}

TEST_F(RedactorTest, EachItemAndEachFieldIsTreatedByItsOwnClass) {
  EXPECT_EQ(run({{"email", "mask"}}, R"({"userId":"u-1","emails":["ada@b.c","bob@b.c"]})"), R"({"userId":"u-1","emails":["a***@b.c","b***@b.c"]})");
  EXPECT_EQ(run({{"name", "omit"}}, R"({"userId":"u","friends":[{"name":"Bob","since":3},{"since":4}],"labels":{"x":"Bob"}})"),
            R"({"userId":"u","friends":[{"since":3},{"since":4}],"labels":{}})");
  EXPECT_EQ(run({{"name", "encrypt"}}, R"({"userId":"u","friends":[{"name":"Bob"},{"name":"Al"}],"labels":{"x/y":"Bob"}})"),
            R"({"userId":"u","friends":[{"name":"E:/friends/0/name=5"},{"name":"E:/friends/1/name=4"}],"labels":{"x/y":"E:/labels/x~1y=5"}})");
  EXPECT_EQ(run({{"address", "encrypt"}}, R"({"userId":"u","a/b":{"c~d":"x","size":2}})"), R"({"userId":"u","a/b":{"c~d":"E:/a~1b/c~0d=3","size":2}})");
}

TEST_F(RedactorTest, WhatIsLeftOutLeavesNoTrace) {
  EXPECT_EQ(run({{"user-id", "omit"}, {"email", "omit"}, {"birth", "omit"}}, R"({"userId":"u","emails":["a@b.c"],"age":3})"), R"({"emails":[]})");
  EXPECT_EQ(run({{"user-id", "omit"}}, R"({"userId":"u"})"), "{}");
}

TEST_F(RedactorTest, AValueThatIsNoTextIsTreatedAsAWhole) {
  EXPECT_EQ(run({{"birth", "mask"}}, R"({"userId":"u","age":36})"), R"({"userId":"u"})");
  EXPECT_EQ(run({{"birth", "token"}}, R"({"userId":"u","age":36})"), R"({"userId":"u","age":"T:36"})");
  EXPECT_EQ(run({{"birth", "encrypt"}}, R"({"userId":"u","age":36})"), R"({"userId":"u","age":"E:/age=2"})");
}

TEST_F(RedactorTest, NothingStaysNothingUnlessItIsEncrypted) {
  EXPECT_EQ(run({{"phone", "mask"}}, R"({"userId":"u","phone":null})"), R"({"userId":"u","phone":null})");
  EXPECT_EQ(run({{"phone", "token"}}, R"({"userId":"u","phone":null})"), R"({"userId":"u","phone":null})");
  EXPECT_EQ(run({{"phone", "encrypt"}}, R"({"userId":"u","phone":null})"), R"({"userId":"u","phone":"E:/phone=4"})");
}

TEST_F(RedactorTest, ValuesOfChangesAreWhatTheirNamesSayOrTheStrictest) {
  constexpr std::string_view kData = R"({"userId":"u","changes":{"email":"Ada@b.c","status":"active","ipAddress":"192.0.2.9","nick":"Ada","visits":7}})";
  EXPECT_EQ(run({{"email", "token"}, {"ip", "mask"}}, kData, "user.updated"),
            R"({"userId":"u","changes":{"email":"T:ada@b.c","status":"active","ipAddress":"192.0.2.0","nick":"T:Ada","visits":"T:7"}})");
  EXPECT_EQ(run({{"ip", "omit"}}, kData, "user.updated"), R"({"userId":"u","changes":{"email":"Ada@b.c","status":"active"}})");
  EXPECT_EQ(run({{"free-text", "omit"}}, kData, "user.updated"), R"({"userId":"u","changes":{"email":"Ada@b.c","status":"active","ipAddress":"192.0.2.9"}})");
}

TEST_F(RedactorTest, AnObjectUnderAKnownNameIsNotThatField) {
  EXPECT_EQ(run({{"email", "mask"}}, R"({"userId":"u","changes":{"email":{"old":"ada@b.c"},"status":{"of":"ada@b.c"}}})", "user.updated"),
            R"({"userId":"u","changes":{}})");
}

TEST_F(RedactorTest, FreeTextOfAnyKindAndMembersThatNobodyForesawCountAsSuch) {
  EXPECT_EQ(run({{"email", "mask"}}, R"({"userId":"u","note":{"email":"ada@b.c","x":"y"},"email":"ada@b.c","other":"ada@b.c"})"),
            R"({"userId":"u","note":{"email":"a***@b.c","x":"***"},"email":"a***@b.c","other":"***"})");
  EXPECT_EQ(run({{"email", "omit"}}, R"({"userId":"u","note":["ada@b.c"]})"), R"({"userId":"u"})");
  EXPECT_EQ(run({{"free-text", "omit"}, {"email", "mask"}}, R"({"userId":"u","note":"ada@b.c"})"), R"({"userId":"u"})");
}

TEST_F(RedactorTest, EscapesAreReadAndWritten) {
  EXPECT_EQ(run({{"name", "token"}}, R"({"userId":"u","labels":{"a\"b":"x\"\\\u0001"}})"), "{\"userId\":\"u\",\"labels\":{\"a\\\"b\":\"T:x\"\\\x01\"}}")
      << "a token's own text needs no escape; Echo's does";
  EXPECT_EQ(run({{"name", "encrypt"}}, R"({"userId":"u","labels":{"a\"b":"x"}})"), R"({"userId":"u","labels":{"a\"b":"E:/labels/a"b=3"}})");
  EXPECT_EQ(run({{"name", "mask"}}, R"({"userId":"u","labels":{"x":"\"quoted\""}})"), R"({"userId":"u","labels":{"x":"\"***"}})");
}

TEST_F(RedactorTest, WithoutAKeyWhatIsToBeEncryptedIsLeftOut) {
  echo_.has_key = false;
  EXPECT_EQ(run({{"name", "encrypt"}}, R"({"userId":"u","friends":[{"name":"Bob"}]})"), R"({"userId":"u","friends":[{}]})");
}

TEST_F(RedactorTest, DataOfAnotherFormIsRefusedAndNotRead) {
  constexpr std::string_view kWhole = R"({"userId":"u","friends":[{"name":"Bob"}],"note":{"a":[1]}})";
  for (std::size_t size = 1; size < kWhole.size(); ++size) EXPECT_EQ(run({{"preset", "minimal"}}, kWhole.substr(0, size)), "no standard form") << size;
}

TEST_F(RedactorTest, TheVariantIsTheMarkOfThePolicyWhereItChangesSomething) {
  const auto variant = [&](const PrivacyPolicyOptions& policy, std::string_view type = "user.created") {
    (void)run(policy, "{}", type);
    return variant_;
  };
  const auto masked = variant({{"email", "mask"}});
  EXPECT_EQ(masked.size(), 9u);
  EXPECT_EQ(masked, variant({{"email", "mask"}}, "user.email.verified")) << "versions and types of one policy belong together";
  EXPECT_NE(masked, variant({{"email", "token"}}));
  EXPECT_NE(masked, variant({{"email", "mask"}, {"ip", "omit"}}));
  EXPECT_EQ(masked, variant({{"email", "mask"}, {"ip", "clear"}, {"key_version", "2"}, {"token_domain", "shared"}})) << "data looks the same";
  EXPECT_EQ(variant({{"preset", "minimal"}}), variant({{"preset", "minimal"}, {"ip", "omit"}})) << "which it is anyway";
  EXPECT_EQ(variant({{"email", "mask"}}, "user.mfa.enabled"), "");
}

TEST_F(RedactorTest, ATypeThatTheCatalogueDoesNotHaveIsNotLetThrough) {
  EXPECT_NE(run({{"email", "mask"}}, "{}", "user.unknown").find("nobody can say what in it is personal"), std::string::npos);
}

}  // namespace
}  // namespace user_events::policy::test
