// Who may send, and over what.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "destinations/nats/harness.h"

namespace user_events::tests {
namespace {

// A pair made for this test.
constexpr const char* kNkey = "UDH4PHZNOJBO5W4MJ2NPN36C6S2ACP3E6SOF5OTGKDIEMJGO2TNHIFOT";
constexpr const char* kSeed = "SUALATX77PXIW3EXKVMZOC6EN3DKIYDGFEJSRQZQMYJ2GU7V6DWLF3WU2Q";

constexpr const char* kUsers = R"(
authorization { users: [
  { user: admin, password: admin }
  { user: sender, password: "s3cret", permissions: { publish: ["stream1.>", "$JS.API.STREAM.INFO.*"], subscribe: "_INBOX.>" } }
  { user: mute, password: "s3cret", permissions: { publish: ["$JS.API.>"], subscribe: "_INBOX.>" } }
  { user: blind, password: "s3cret", permissions: { publish: { deny: "$JS.API.>" }, subscribe: "_INBOX.>" } }
  { nkey: @NKEY@ }
] }
)";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) text.replace(at, what.size(), with);
  return text;
}

class NatsAccess : public testing::Test {
 protected:
  NatsAccess() : server_(replaced(kUsers, "@NKEY@", kNkey), "admin:admin@") {
    server_.start();
    server_.create_stream("S", "stream1.>");
  }
  DestinationOptions options(std::map<std::string, std::string> settings) const {
    DestinationOptions options;
    options.name = "events";
    options.kind = "nats";
    options.topic = "stream1.{type}";
    options.settings = std::move(settings);
    options.settings.emplace("servers", server_.url());
    options.settings.emplace("stream", "S");
    return options;
  }
  NatsServer server_;
};

TEST_F(NatsAccess, AUserWithJustTheRightsItNeedsSends) {
  Driver driver(options({{"user", "sender"}, {"password", "s3cret"}}), 100, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_TRUE(driver.destination().health().notes.empty());
}

TEST_F(NatsAccess, AnNkeySends) {
  Driver driver(options({{"nkey", kNkey}, {"nkey_seed", kSeed}}), 100, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
}

TEST_F(NatsAccess, AWrongPasswordIsDownWithTheSettingAndWithoutThePassword) {
  Driver driver(options({{"user", "sender"}, {"password", "wrong-one"}}), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("password"), std::string::npos) << driver.detail();
  EXPECT_EQ(driver.detail().find("wrong-one"), std::string::npos);
  EXPECT_EQ(driver.in_flight(), 0u);
  EXPECT_TRUE(driver.refused().empty());
}

TEST_F(NatsAccess, NoRightToPublishIsUnavailableAndNamesTheSubject) {
  Driver driver(options({{"user", "mute"}, {"password", "s3cret"}}), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::unavailable) >= 10; }));
  EXPECT_NE(driver.reasons().begin()->find("not permitted to publish to stream1.user.created"), std::string::npos) << *driver.reasons().begin();
  EXPECT_EQ(driver.count(Outcome::in_doubt), 0u);
}

TEST_F(NatsAccess, WithoutTheRightToReadTheStreamItSendsAndSaysWhatIsNotKnown) {
  Driver driver(options({{"user", "blind"}, {"password", "s3cret"}, {"connect_timeout", "500ms"}}), 100, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.destination().health().notes.size(), 1u);
  EXPECT_NE(driver.destination().health().notes[0].find("deduplication window"), std::string::npos);
}

TEST(NatsToken, ATokenSends) {
  NatsServer tokens("authorization { token: \"t0ken\" }", "t0ken@");
  tokens.start();
  const Place place(tokens);
  Driver driver(place.options({{"token", "t0ken"}}), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.run());
}

class NatsTls : public testing::Test {
 protected:
  void SetUp() override {
    const std::string& folder = server_.script().folder();
    const std::string command = std::string(UE_SOURCE_DIR) + "/tests/brokers/certificates " + folder + " 2>" + folder + "/openssl.log";
    ASSERT_EQ(std::system(command.c_str()), 0);
    server_.script().write_file("extra.conf", "tls { cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder + "/server.key\" }\n");
    server_.start();
  }
  DestinationOptions options(std::map<std::string, std::string> settings) const {
    DestinationOptions options;
    options.name = "events";
    options.kind = "nats";
    options.topic = "user.events";
    options.settings = std::move(settings);
    options.settings.emplace("servers", "tls://" + server_.address());
    options.settings.emplace("stream", "MISSING");
    return options;
  }
  [[nodiscard]] std::string ca() const { return server_.script().folder() + "/ca.pem"; }
  NatsServer server_;
};

TEST_F(NatsTls, ATrustedServerIsTalkedTo) {
  Driver driver(options({{"tls_ca_file", ca()}}), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("there is no stream"), std::string::npos) << "connected: " << driver.detail();
}

TEST_F(NatsTls, AServerOfAnUnknownAuthorityIsNotTalkedTo) {
  Driver driver(options({}), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("tls_ca_file"), std::string::npos) << driver.detail();
}

TEST_F(NatsTls, AServerOfAnotherNameIsNotTalkedTo) {
  auto named = options({{"tls_ca_file", ca()}});
  named.settings["servers"] = "tls://localhost:" + std::to_string(server_.script().port());  // the certificate is for 127.0.0.1
  Driver driver(named, 1, 1);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_EQ(driver.detail().find("there is no stream"), std::string::npos) << driver.detail();
}

}  // namespace
}  // namespace user_events::tests
