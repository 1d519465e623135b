// Who may send, and over what.
#include <gtest/gtest.h>

#include <cstdlib>

#include "destinations/redis/harness.h"

namespace user_events::tests {
namespace {

constexpr const char* kUsers = "user default on >admin ~* &* +@all\nuser sender on >s3cret ~allowed +xadd\nuser mute on >s3cret ~* +ping";

class RedisAccess : public testing::Test {
 protected:
  RedisAccess() { server_.start(); }
  RedisServer server_{kUsers, "admin"};
};

TEST_F(RedisAccess, AUserWithJustTheRightItNeedsSends) {
  Driver driver(options_for(server_, "allowed", {{"user", "sender"}, {"password", "s3cret"}}), 100, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(check(server_, "allowed", 100, 10), "");
}

TEST_F(RedisAccess, ThePasswordOfTheDefaultUserIsEnough) {
  Driver driver(options_for(server_, "k", {{"password", "admin"}}), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
}

TEST_F(RedisAccess, AWrongOrMissingPasswordIsDownWithTheSettingAndWithoutThePassword) {
  for (const std::map<std::string, std::string>& settings :
       {std::map<std::string, std::string>{{"user", "sender"}, {"password", "wrong-one"}}, std::map<std::string, std::string>{}}) {
    Driver driver(options_for(server_, "k", settings), 10, 10);
    driver.start();
    ASSERT_TRUE(driver.wait_for(HealthState::down));
    EXPECT_NE(driver.detail().find("check user and password"), std::string::npos) << driver.detail();
    EXPECT_EQ(driver.detail().find("wrong-one"), std::string::npos);
    EXPECT_EQ(driver.in_flight(), 0u);
  }
}

TEST_F(RedisAccess, NoRightToAddMakesEventsWait) {
  Driver driver(options_for(server_, "k", {{"user", "mute"}, {"password", "s3cret"}}), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::unavailable) >= 10; }));
  EXPECT_NE(driver.reasons().begin()->find("+xadd"), std::string::npos) << *driver.reasons().begin();
  EXPECT_EQ(driver.count(Outcome::retry), 0u);
}

class RedisTls : public testing::Test {
 protected:
  void SetUp() override {
    const std::string& folder = server_.script().folder();
    ASSERT_EQ(std::system((std::string(UE_SOURCE_DIR) + "/tests/brokers/certificates " + folder + " 2>" + folder + "/openssl.log").c_str()), 0);
    server_.script().write_file("extra.conf", "port 0\ntls-port @PORT@\ntls-auth-clients optional\ntls-cert-file " + folder + "/server.pem\ntls-key-file " + folder +
                                                  "/server.key\ntls-ca-cert-file " + ca() + "\n");
    server_.start();
  }
  [[nodiscard]] std::string ca() { return server_.script().folder() + "/ca.pem"; }
  RedisServer server_;
};

TEST_F(RedisTls, EventsGoToATrustedServer) {
  Driver driver(options_for(server_, "k", {{"tls", "true"}, {"tls_ca_file", ca()}}), 5'000, 500);
  driver.data_bytes = [](std::uint64_t n) { return n % 100 == 0 ? 60'000u : 40u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 5'000u);
}

TEST_F(RedisTls, AServerOfAnUnknownAuthorityOrAnotherNameIsNotTalkedTo) {
  auto unknown = options_for(server_, "k", {{"tls", "true"}});
  auto other_name = options_for(server_, "k", {{"tls", "true"}, {"tls_ca_file", ca()}});
  other_name.settings["address"] = "localhost:" + std::to_string(server_.script().port());  // the certificate is for 127.0.0.1
  for (const auto& options : {unknown, other_name}) {
    Driver driver(options, 1, 1);
    driver.start();
    ASSERT_TRUE(driver.wait_for(HealthState::down));
    EXPECT_NE(driver.detail().find("TLS handshake"), std::string::npos) << driver.detail();
    EXPECT_EQ(driver.in_flight(), 0u);
  }
}

TEST_F(RedisTls, WithoutTlsItSaysWhatToCheck) {
  Driver driver(options_for(server_, "k", {{"connect_timeout", "2s"}}), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_EQ(driver.in_flight(), 0u);
}

}  // namespace
}  // namespace user_events::tests
