// Settings are checked without a server.
#include <gtest/gtest.h>

#include "destinations/webhook/config.h"

namespace user_events::destinations::webhook {
namespace {

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kOtherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

DestinationOptions with(std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = "hook";
  options.kind = "webhook";
  options.settings = std::move(settings);
  options.settings.try_emplace("url", "https://example.com/hook?key=url-token");
  options.settings.try_emplace("secret", kSecret);
  return options;
}

/// `pointer detail` of the only finding.
std::string finding(const DestinationOptions& options) {
  const auto result = parse(options);
  if (result) return "";
  return result.error().fields.size() == 1
             ? result.error().fields[0].pointer + " " + result.error().fields[0].detail
             : "several";
}
std::string finding_with(std::map<std::string, std::string> settings) {
  return finding(with(std::move(settings)));
}

TEST(WebhookSettings, TheLeastIsAUrlAndASecret) {
  const auto config = parse(with({}));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->origin, "https://example.com") << "what is shown";
  EXPECT_TRUE(config->notes.empty());
  EXPECT_EQ(config->max_in_flight, 8u);
  EXPECT_EQ(finding_with({{"url", ""}}).substr(0, 14), "url is missing");
  EXPECT_EQ(finding_with({{"secret", ""}}).substr(0, 17), "secret is missing");
}

TEST(WebhookSettings, WhatIsNoHttpsUrlIsRefusedAndNotRepeated) {
  for (const char* url : {"example.com/hook",
                          "//example.com",
                          "https://",
                          "https:///hook",
                          "https:/example.com",
                          "https:example.com",
                          "ftp://example.com",
                          "file:///etc/passwd",
                          "gopher://x",
                          "unix:/run/x",
                          "https://exa mple.com",
                          "https://example.com/a b",
                          "https://example.com/\r\nX: y",
                          "https://example.com:99999/",
                          "https://ex\xC3\xA4mple.com",
                          "https://user:url-token@example.com",
                          "https://user@example.com",
                          "https://@example.com:x@y",
                          "https://example.com/#here",
                          "http://example.com/"}) {
    const auto text = finding_with({{"url", url}});
    EXPECT_EQ(text.substr(0, 4), "url ") << url;
    EXPECT_EQ(text.find("url-token"), std::string::npos) << text;
  }
  EXPECT_EQ(finding_with({{"url", "http://example.com/"}, {"allow_http", "true"}}), "");
  EXPECT_EQ(parse(with({{"url", "http://example.com/"}, {"allow_http", "true"}}))->notes.size(), 1u);
  EXPECT_EQ(finding_with({{"url", "https://example.com/" + std::string(5'000, 'x')}}).substr(0, 4), "url ");
}

TEST(WebhookSettings, AnAddressThatIsNotPublicIsRefusedHoweverItIsWritten) {
  for (const char* host :
       {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "10.0.0.1", "192.168.1.1",
        "100.64.0.1", "[::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::10.0.0.1]"}) {
    const std::string url = std::string("https://") + host + "/x";
    EXPECT_NE(finding_with({{"url", url}}).find("private network"), std::string::npos) << host;
    EXPECT_EQ(finding_with({{"url", url}, {"allow_private_networks", "true"}}), "") << host;
  }
  for (const char* host : {"169.254.169.254", "0.0.0.0", "0", "[::]", "[fe80::1]", "[fe80::1%25eth0]",
                           "224.0.0.1", "255.255.255.255", "[::ffff:169.254.169.254]"})
    EXPECT_NE(
        finding_with({{"url", std::string("https://") + host + "/x"}, {"allow_private_networks", "true"}})
            .find("never sent to"),
        std::string::npos)
        << host;
}

TEST(WebhookSettings, SecretsAreSeveralOrOneAndNeverRepeated) {
  EXPECT_EQ(parse(with({{"secret", std::string(kSecret) + "\n" + kOtherSecret}}))->secrets.size(), 2u);
  EXPECT_EQ(parse(with({{"previous_secret", kOtherSecret}}))->secrets.size(), 2u);
  const auto text = finding_with({{"secret", "whsec_short"}});
  EXPECT_NE(text.find("secret is not a secret of Standard Webhooks"), std::string::npos) << text;
  EXPECT_EQ(text.find("short"), std::string::npos);
  EXPECT_NE(finding_with({{"previous_secret", "x"}}), "");
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += std::string(kSecret) + ",";
  EXPECT_NE(finding_with({{"secret", nine}}), "");
}

TEST(WebhookSettings, AHeaderThatBreaksOutOfItsLineIsRefused) {
  EXPECT_EQ(parse(with({{"headers.Authorization", "Bearer t0ken"}}))->headers,
            std::vector<std::string>{"Authorization: Bearer t0ken"});
  for (const char* value : {"a\r\nX-Evil: 1", "a\nb", "a\rb", "", " a", "a ", "a\tb", "a\x7F"}) {
    const auto text = finding_with({{"headers.Authorization", value}});
    EXPECT_NE(text.find("headers.Authorization is no value of a header"), std::string::npos) << text;
  }
  EXPECT_NE(finding_with({{"headers.X", std::string("a\0b", 3)}}), "");
  for (const char* name : {"X Y", "X:", "X\r\nY", "", "\xC3\xA4"})
    EXPECT_NE(finding_with({{std::string("headers.") + name, "v"}}), "") << name;
  for (const char* name : {"Host", "content-type", "Content-Length", "Transfer-Encoding", "Webhook-Signature",
                           "ce-id", "Expect"})
    EXPECT_NE(finding_with({{std::string("headers.") + name, "v"}}).find("sets itself"), std::string::npos)
        << name;
  EXPECT_NE(finding_with({{"headers.X-A", "v"}, {"headers.x-a", "v"}}).find("given twice"),
            std::string::npos);
  EXPECT_NE(finding_with({{"headers.X", std::string(9'000, 'x')}}), "");
}

TEST(WebhookSettings, VerificationIsOffOnlyWhenUnsafeIsSaid) {
  EXPECT_NE(finding_with({{"tls_verify", "false"}}).find("anybody could pose"), std::string::npos);
  EXPECT_EQ(parse(with({{"tls_verify", "false"}, {"unsafe", "true"}}))->notes.size(), 1u);
  EXPECT_NE(finding_with({{"tls_ca_file", "/nowhere/ca.pem"}}).find("cannot be read"), std::string::npos);
  EXPECT_NE(finding_with({{"tls_cert_file", "/proc/self/status"}}).find("needs both"), std::string::npos);
}

TEST(WebhookSettings, NonsenseIsRefusedWithWhatIsMeant) {
  EXPECT_NE(finding_with({{"max_in_flight", "0"}}), "");
  EXPECT_NE(finding_with({{"max_in_flight", "257"}}), "");
  EXPECT_NE(finding_with({{"request_timeout", "1"}}), "");
  EXPECT_NE(finding_with({{"allow_http", "yes"}}), "");
  EXPECT_NE(finding_with({{"uri", "x"}}).find("did you mean url?"), std::string::npos);
  auto options = with({});
  options.topic = "https://example.com";
  EXPECT_NE(finding(options).find("the endpoint is url"), std::string::npos);
}

}  // namespace
}  // namespace user_events::destinations::webhook
