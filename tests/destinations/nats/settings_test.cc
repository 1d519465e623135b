// Settings are checked without a server.
#include <gtest/gtest.h>

#include "destinations/nats/config.h"
#include "destinations/nats/outcome.h"

namespace user_events::destinations::nats {
namespace {

DestinationOptions good() {
  DestinationOptions options;
  options.name = "events";
  options.kind = "nats";
  options.topic = "user.events.{type}";
  options.settings = {{"servers", "nats://127.0.0.1:4222"}, {"stream", "EVENTS"}};
  return options;
}

/// `pointer detail` of the only finding.
std::string finding(const DestinationOptions& options) {
  const auto result = parse(options);
  if (result) return "";
  return result.error().fields.size() == 1 ? result.error().fields[0].pointer + " " + result.error().fields[0].detail : "several";
}

std::string finding_with(std::map<std::string, std::string> settings) {
  auto options = good();
  for (auto& [name, value] : settings) options.settings[name] = value;
  return finding(options);
}

TEST(NatsSettings, TheLeastIsServersStreamAndSubject) {
  EXPECT_EQ(finding(good()), "");
  for (const char* key : {"servers", "stream"}) {
    auto options = good();
    options.settings.erase(key);
    EXPECT_EQ(finding(options).substr(0, std::string(key).size() + 11), std::string(key) + " is missing");
  }
  auto options = good();
  options.topic.clear();
  EXPECT_NE(finding(options).find("topic is missing"), std::string::npos);
}

TEST(NatsSettings, ASubjectWithWildcardsOrHolesIsRefused) {
  for (const char* subject : {"user.*", "user.>", "user..events", ".user", "user.", "user events", "user.{id}"}) {
    auto options = good();
    options.topic = subject;
    EXPECT_NE(finding(options), "") << subject;
  }
}

TEST(NatsSettings, CredentialsInAUrlAreRefusedWithoutRepeatingThem) {
  const auto text = finding_with({{"servers", "nats://user:s3cret@host"}});
  EXPECT_NE(text.find("holds credentials"), std::string::npos);
  EXPECT_EQ(text.find("s3cret"), std::string::npos);
}

TEST(NatsSettings, OneWayToSignInIsEnough) {
  EXPECT_NE(finding_with({{"user", "u"}, {"password", "p"}, {"token", "t"}}), "");
  EXPECT_EQ(finding_with({{"user", "u"}, {"password", "p"}}), "");
  EXPECT_NE(finding_with({{"nkey", "UABC"}, {"nkey_seed", "nonsense"}}), "");
  EXPECT_NE(finding_with({{"password", "p"}}), "");
}

TEST(NatsSettings, AMissingAuthorityFileIsFoundBeforeConnecting) {
  EXPECT_NE(finding_with({{"tls", "true"}, {"tls_ca_file", "/does/not/exist"}}).find("tls_ca_file"), std::string::npos);
}

TEST(NatsSettings, SubjectsMatchAsTheServerMatchesThem) {
  EXPECT_TRUE(subject_matches("user.>", "user.events.user.created"));
  EXPECT_TRUE(subject_matches("user.*.created", "user.x.created"));
  EXPECT_TRUE(subject_matches("user", "user"));
  EXPECT_FALSE(subject_matches("user.>", "user"));
  EXPECT_FALSE(subject_matches("user.*", "user.a.b"));
  EXPECT_FALSE(subject_matches("user.a", "user.b"));
  EXPECT_FALSE(subject_matches("user.a.b", "user.a"));
}

TEST(NatsSettings, AnswersAreToldApart) {
  EXPECT_EQ(judge(NATS_MAX_PAYLOAD, 0, "", true, "S").outcome, Outcome::refused);
  EXPECT_EQ(judge(NATS_NO_RESPONDERS, 0, "", true, "S").outcome, Outcome::unavailable);
  EXPECT_EQ(judge(NATS_NO_RESPONDERS, 0, "", false, "S").outcome, Outcome::retry);
  EXPECT_EQ(judge(NATS_ERR, JSStreamMessageExceedsMaximumErr, "x", true, "S").outcome, Outcome::refused);
  EXPECT_EQ(judge(NATS_ERR, JSStreamStoreFailedErr, "maximum bytes exceeded", true, "S").outcome, Outcome::unavailable);
  EXPECT_EQ(judge(NATS_ERR, JSStreamStoreFailedErr, "maximum messages per subject exceeded", true, "S").outcome, Outcome::retry);
  EXPECT_EQ(judge(NATS_ERR, JSInsufficientResourcesErr, "x", true, "S").outcome, Outcome::unavailable);
  EXPECT_EQ(judge(NATS_ERR, JSStreamNotMatchErr, "x", true, "S").outcome, Outcome::unavailable);
  EXPECT_EQ(judge(NATS_ERR, JSStreamWrongLastSequenceErr, "x", true, "S").outcome, Outcome::retry);
  EXPECT_EQ(judge(NATS_ERR, 0, "", true, "S").outcome, Outcome::retry);
}

}  // namespace
}  // namespace user_events::destinations::nats
