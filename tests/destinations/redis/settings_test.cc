// Settings are checked without a server.
#include <gtest/gtest.h>

#include "destinations/redis/config.h"
#include "destinations/redis/outcome.h"

namespace user_events::destinations::redis {
namespace {

std::string finding_with(std::map<std::string, std::string> settings, const char* topic = "user.events") {
  DestinationOptions options;
  options.name = "events";
  options.kind = "redis";
  options.topic = topic;
  options.settings = std::move(settings);
  options.settings.try_emplace("address", "127.0.0.1:6379");
  const auto result = parse(options);
  if (result) return "";
  return result.error().fields.size() == 1 ? result.error().fields[0].pointer + " " + result.error().fields[0].detail : "several";
}

TEST(RedisSettings, AddressesAreHostAndPort) {
  for (const char* good : {"127.0.0.1", "redis.example:6380", "[::1]:6379", "::1", "[::1]"}) EXPECT_EQ(finding_with({{"address", good}}), "") << good;
  for (const char* bad : {"", "redis://127.0.0.1", "user:s3cret@host:1", "host:port", "host:0", "host:70000", ":1", "[::1", "[]", "a b"}) {
    const std::string text = finding_with({{"address", bad}});
    EXPECT_EQ(text.substr(0, 7), "address") << bad;
    EXPECT_EQ(text.find("s3cret"), std::string::npos);
  }
}

TEST(RedisSettings, TheKeyIsRequired) { EXPECT_EQ(finding_with({}, "").substr(0, 16), "topic is missing"); }

TEST(RedisSettings, AUserNeedsAPassword) { EXPECT_NE(finding_with({{"user", "u"}}), ""); }

TEST(RedisSettings, AMissingAuthorityFileIsFoundBeforeConnecting) {
  EXPECT_NE(finding_with({{"tls", "true"}, {"tls_ca_file", "/does/not/exist"}}).find("tls_ca_file"), std::string::npos);
}

TEST(RedisSettings, AnswersAreToldApart) {
  for (const char* text : {"OOM command not allowed", "READONLY x", "LOADING x", "BUSY x", "MASTERDOWN x", "NOREPLICAS x", "MISCONF x", "NOAUTH x",
                           "WRONGPASS x", "NOPERM x", "MOVED 1 a:1", "CLUSTERDOWN x"})
    EXPECT_EQ(judge(text, false).outcome, Outcome::unavailable) << text;
  EXPECT_EQ(judge("WRONGTYPE x", true).outcome, Outcome::unavailable);
  EXPECT_EQ(judge("WRONGTYPE x", false).outcome, Outcome::retry);
  EXPECT_EQ(judge("ERR Protocol error: invalid bulk length", true).outcome, Outcome::refused);
  EXPECT_EQ(judge("ERR something else", true).outcome, Outcome::retry);
}

}  // namespace
}  // namespace user_events::destinations::redis
