// What every kind's settings have in common, and text for headers.
#include "destinations/settings.h"

#include <gtest/gtest.h>

#include "destinations/header_text.h"

namespace user_events::destinations {
namespace {

using namespace std::chrono_literals;

DestinationOptions with(std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = "d";
  options.kind = "k";
  options.settings = std::move(settings);
  return options;
}

std::string finding(const DestinationOptions& options, void (*read)(SettingsReader&)) {
  SettingsReader reader(options);
  read(reader);
  const auto result = reader.finish();
  return result ? "" : result.error().fields.front().pointer + " " + result.error().fields.front().detail;
}

TEST(Settings, AMistypedNameIsRefusedWithTheNearestOne) {
  EXPECT_EQ(finding(with({{"usr", "x"}}), [](SettingsReader& reader) { (void)reader.text("user"); }),
            "usr is no setting of a k destination; did you mean user?");
}

TEST(Settings, WhatIsBelowAPrefixIsGivenWithoutIt) {
  const auto options = with({{"headers.X", "1"}, {"headers.y.z", "2"}, {"other", "3"}});
  SettingsReader reader(options);
  EXPECT_EQ(reader.below("headers."), (std::map<std::string, std::string>{{"X", "1"}, {"y.z", "2"}}));
  EXPECT_EQ(reader.finish().error().fields.size(), 1u) << "only `other` is unknown";
}

TEST(Settings, AValueOutOfRangeIsRefusedAndNotRepeated) {
  const auto read = [](SettingsReader& reader) {
    (void)reader.number("n", 5, 1, 10);
    (void)reader.duration("t", 5s, 1s, 60s);
  };
  EXPECT_EQ(finding(with({{"n", "11"}}), read), "n must be a number from 1 to 10");
  EXPECT_EQ(finding(with({{"t", "2h"}}), read), "t must be a time from 1s to 60s");
  EXPECT_EQ(finding(with({{"t", "secret"}}), read), "t must be a time from 1s to 60s");
  EXPECT_EQ(finding(with({{"n", "10"}, {"t", "1m"}}), read), "");
}

TEST(Settings, HostsAreNamesOrAddressesWithOrWithoutAPort) {
  const auto text = [](const char* host) { return parse_host_port(host, 1).value_or(HostPort{.host = "refused", .port = 1}).text(); };
  EXPECT_EQ(text("broker"), "broker:1");
  EXPECT_EQ(text("broker:65535"), "broker:65535");
  EXPECT_EQ(text("::1"), "[::1]:1");
  EXPECT_EQ(text("[::1]"), "[::1]:1");
  EXPECT_EQ(text("[::1]:7"), "[::1]:7");
  for (const char* bad : {"", ":7", "a:", "a:0", "a:65536", "a:7x", "[::1", "[]:7", "[::1]7", "u@a", "redis://a", "a b", "a/b"})
    EXPECT_EQ(text(bad), "refused:1") << bad;
}

TEST(Settings, VerificationIsTurnedOffOnlyUnsafely) {
  EXPECT_NE(finding(with({{"tls_verify", "false"}}), [](SettingsReader& reader) { (void)reader.tls(false); }), "");
  EXPECT_EQ(finding(with({{"tls_verify", "false"}}), [](SettingsReader& reader) { (void)reader.tls(true); }), "");
  EXPECT_NE(finding(with({{"tls_key_file", "k"}}), [](SettingsReader& reader) { (void)reader.tls(true); }), "");
}

TEST(Settings, ListsAreSeparatedByCommasAndLines) {
  const auto options = with({{"l", "a, b\nc,,\n"}});
  SettingsReader reader(options);
  EXPECT_EQ(reader.list("l"), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(HeaderText, IsPercentEncodedAsTheBindingsWantIt) {
  std::string out;
  append_percent_encoded("Euro \xE2\x82\xAC \"50%\"\r\n", out);
  EXPECT_EQ(out, "Euro%20%E2%82%AC%20%2250%25%22%0D%0A");
}

TEST(HeaderText, AReplayHasADeduplicationIdOfItsOwn) {
  Message message;
  message.envelope.id = "e1";
  EXPECT_EQ(deduplication_id(message), "e1");
  message.position.replay = 2;
  EXPECT_EQ(deduplication_id(message), "e1.2");
}

}  // namespace
}  // namespace user_events::destinations
