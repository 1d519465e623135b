// On a moto of its own that checks signatures and rights as AWS does.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "destinations/aws/support.h"
#include "support/temporary_directory.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

class Signature : public ::testing::Test {
 protected:
  Signature() {
    moto_.start();
    queue_ = moto_.create_queue("events.fifo");
    topic_ = moto_.create_topic("events.fifo");
    moto_.subscribe(topic_, "events.fifo");
    keys_ = moto_.create_user("sender", kMaySend);
    forbidden_ = moto_.create_user("other", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}]})");
    moto_.create_role("sender", kMaySend);
    moto_.check_signatures_after(0);
    moto_.set_keys(keys_);
  }

  DestinationOptions with(const Keys& keys, bool sns = false) {
    std::map<std::string, std::string> settings = {{"access_key_id", keys.access_key_id}, {"secret_access_key", keys.secret_access_key}};
    if (!keys.session_token.empty()) settings["session_token"] = keys.session_token;
    return sns ? sns_options(topic_, moto_, settings) : sqs_options(queue_, settings);
  }

  /// Nothing is taken, it says so without the secret, and nothing counts as a failed attempt.
  void expect_denied(const DestinationOptions& options) {
    Driver driver(options, 10, 10);
    driver.start();
    ASSERT_TRUE(driver.wait_for(HealthState::down));
    for (int i = 0; i < 20; ++i) driver.step(20ms);
    EXPECT_EQ(driver.destination().health().state, HealthState::down);
    EXPECT_NE(driver.detail().find("credentials"), std::string::npos) << driver.detail();
    EXPECT_EQ(driver.detail().find(options.settings.at("secret_access_key")), std::string::npos);
    for (const auto outcome : {Outcome::accepted, Outcome::refused, Outcome::retry, Outcome::in_doubt}) EXPECT_EQ(driver.count(outcome), 0u);
  }

  void expect_arrives(const DestinationOptions& options) {
    Driver driver(options, 20, 5);
    driver.replay = [](std::uint64_t) { static std::uint32_t generation = 0; return ++generation; };  // not deduplicated
    driver.start();
    ASSERT_TRUE(driver.run());
    EXPECT_EQ(driver.accepted(), 20u);
    EXPECT_EQ(moto_.receive(queue_, 20).size(), 20u);
  }

  AwsEmulator moto_{"moto"};
  std::string queue_, topic_;
  Keys keys_, forbidden_;
};

TEST_F(Signature, TheRightKeySendsToQueueAndTopic) {
  expect_arrives(with(keys_));
  expect_arrives(with(keys_, true));
}

TEST_F(Signature, AWrongSecretOrAnUnknownKeyIsUnavailableAndLosesNothing) {
  expect_denied(with({keys_.access_key_id, "wrong", {}}));
  expect_denied(with({keys_.access_key_id, "wrong", {}}, true));
  expect_denied(with({"AKIAUNKNOWN", keys_.secret_access_key, {}}));
  EXPECT_TRUE(moto_.receive(queue_, 1).empty());
}

TEST_F(Signature, AMissingRightIsUnavailable) { expect_denied(with(forbidden_)); }

TEST_F(Signature, TheKeysOfAProfileThatIsMendedAreTakenUpWithoutARestart) {
  const test::TemporaryDirectory home;
  const std::string file = home.path() + "/credentials";
  const auto write = [&](const std::string& secret) {
    std::ofstream(file) << "[default]\naws_access_key_id = no\naws_secret_access_key = no\n\n[events]\naws_access_key_id = " << keys_.access_key_id
                        << "\naws_secret_access_key = " << secret << "\n";
  };
  write("wrong");
  setenv("AWS_SHARED_CREDENTIALS_FILE", file.c_str(), 1);
  Driver driver(sqs_options(queue_, {{"profile", "events"}}), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  write(keys_.secret_access_key);
  EXPECT_TRUE(driver.run());
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
  EXPECT_EQ(driver.accepted(), 10u);
}

TEST_F(Signature, WebIdentityGivesTemporaryKeysWhoseSessionTokenIsSent) {
  const test::TemporaryDirectory home;
  std::ofstream(home.path() + "/token") << "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.\n";
  setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/sender", 1);
  setenv("AWS_WEB_IDENTITY_TOKEN_FILE", (home.path() + "/token").c_str(), 1);
  auto options = sqs_options(queue_, {{"sts_endpoint", moto_.endpoint()}});
  options.settings.erase("access_key_id");
  options.settings.erase("secret_access_key");
  moto_.check_signatures_after(1'000'000);  // moto cannot take the unsigned request to STS otherwise
  Driver driver(options, 20, 5);
  driver.start();
  EXPECT_TRUE(driver.wait_for(HealthState::up));
  moto_.check_signatures_after(0);
  EXPECT_TRUE(driver.run());
  EXPECT_EQ(moto_.receive(queue_, 20).size(), 20u);
  unsetenv("AWS_ROLE_ARN");
  unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
}

}  // namespace
}  // namespace user_events::tests
