#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "config/bindings.h"
#include "config/config.h"
#include "config/redact.h"

namespace user_events::config {
namespace {

constexpr std::string_view kFile = R"(
source = "urn:example:a"
[http]
read_timeout = "90s"
[journal]
max_bytes = "1GiB"
[[destination]]
name = "a"
kind = "bus"
topic = "user.events"
retry = {initial = "1s", factor = 1.5}
password = "swordfish"
bus."sasl.password_env" = "UE_TEST_SHOWN"
bus."bootstrap.servers" = "127.0.0.1:9092"
bus.url = "https://ada:swordfish@example.com/hook?x=1"
)";

Loaded load() {
  ::setenv("UE_TEST_SHOWN", "swordfish", 1);
  auto loaded = load_text(kFile, "test.toml");
  EXPECT_TRUE(loaded) << (loaded ? "" : describe(loaded.error()));
  return loaded ? *loaded : Loaded{};
}

TEST(ConfigShow, SecretsAreRedactedOrShownAsWhereTheyComeFrom) {
  const std::string shown = show(load());
  EXPECT_EQ(shown.find("swordfish"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\npassword = \"<redacted>\"\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\nbus.\"sasl.password_env\" = \"UE_TEST_SHOWN\"\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\nbus.\"url\" = \"https://<redacted>@example.com/hook?<redacted>\"\n"), std::string::npos)
      << shown;
}

TEST(ConfigShow, ASettingIsJudgedByItsName) {
  for (const char* name :
       {"kafka.sasl.password", "kafka.ssl.key.pem", "kafka.ssl.certificate.pem", "kafka.ssl.ca.pem",
        "kafka.sasl.oauthbearer.config", "kafka.sasl.kerberos.kinit.cmd",
        "kafka.sasl.oauthbearer.client.secret", "Authorization", "headers.X-Key"}) {
    EXPECT_TRUE(speaks_of_a_secret(name)) << name;
  }
  for (const char* name : {"kafka.ssl.ca.location", "kafka.sasl.username", "kafka.linger.ms", "path"})
    EXPECT_FALSE(speaks_of_a_secret(name)) << name;
}

TEST(ConfigShow, AUrlLosesItsUserAndItsPassword) {
  EXPECT_EQ(without_user_info("http://ada:pw@h:80/x"), "http://<redacted>@h:80/x");
  EXPECT_EQ(without_user_info("http://ada:p@w@h"), "http://<redacted>@h");
  EXPECT_EQ(without_user_info("http://ada:p/w@h"), "http://<redacted>@h");
  EXPECT_EQ(without_user_info("http://ada:p?w#@h"), "http://<redacted>@h");
  for (const char* plain : {"http://h:80/a@b", "http://h/a@b", "http://[::1]:80/a@b", "http://[::1]/a@b",
                            "ada@example.com", ""}) {
    EXPECT_EQ(without_user_info(plain), plain);
  }
}

TEST(ConfigShow, AnHttpUrlLosesItsQuery) {
  EXPECT_EQ(without_query("https://h/a?token=x"), "https://h/a?<redacted>");
  EXPECT_EQ(without_query("http://h?x"), "http://h?<redacted>");
  for (const char* plain : {"https://h/a", "amqp://h?heartbeat=1", "a?b", ""}) EXPECT_EQ(without_query(plain), plain);
}

TEST(ConfigShow, WhatIsShownReadsBackToTheSame) {
  const std::string shown = show(load());
  const auto again = load_text(shown, "shown.toml");
  ASSERT_TRUE(again) << describe(again.error()) << "\n" << shown;
  EXPECT_EQ(show(*again), shown);
  EXPECT_EQ(again->options.http.read_timeout, std::chrono::seconds(90));
  EXPECT_EQ(again->options.destinations.at(0).retry.factor, 1.5);
  EXPECT_EQ(again->options.destinations.at(0).settings.at("bus.sasl.password"), "swordfish");
}

TEST(ConfigShow, AProgramGetsTheSameAsJson) {
  const std::string shown = show_json(load());
  EXPECT_EQ(shown.find("swordfish"), std::string::npos) << shown;
  EXPECT_TRUE(shown.starts_with("{\"source\":\"urn:example:a\",\"data_dir\":\"data\",")) << shown;
  EXPECT_NE(shown.find("\"http.read_timeout\":\"90s\""), std::string::npos) << shown;
  EXPECT_NE(shown.find(",\"destination\":[{\"name\":\"a\","), std::string::npos) << shown;
  EXPECT_NE(shown.find("\"bus.sasl.password_env\":\"UE_TEST_SHOWN\""), std::string::npos) << shown;
  EXPECT_TRUE(shown.ends_with("}],\"client\":[],\"issuer\":[],\"signing_key\":[]}")) << shown;
}

TEST(ConfigShow, ClientsIssuersAndSigningKeysAreShownWithoutTokensAndReadBack) {
  ::setenv("UE_TEST_TOKEN", "swordfish-swordfish-swordfish-swordfish", 1);
  const auto loaded = load_text(R"(
    [[issuer]]
    name = "idp"
    issuer = "https://idp.example"
    audience = "ue"
    algorithms = ["RS256"]
    jwks_url = "https://idp.example/keys"
    [[signing_key]]
    name = "2026-11"
    algorithm = "HS256"
    env = "UE_TEST_TOKEN"
    [[client]]
    name = "a"
    token_env = "UE_TEST_TOKEN"
    jwt = {issuer = "idp", sub = "a", claims = ["azp=a"]}
    grants = {publish = ["user.*"], admin = true}
    rate = "10/s"
  )", "test.toml");
  ASSERT_TRUE(loaded) << describe(loaded.error());
  EXPECT_EQ(loaded->options.http.clients.at(0).token, "swordfish-swordfish-swordfish-swordfish");
  const std::string shown = show(*loaded);
  EXPECT_EQ((shown + show_json(*loaded)).find("swordfish"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\n[[client]]\nname = \"a\"\ntoken_sha256 = []\ntoken_env = \"UE_TEST_TOKEN\"\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\ngrants.publish = [\"user.*\"]\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\ngrants.admin = true\n"), std::string::npos) << shown;
  const auto again = load_text(shown, "shown.toml");
  ASSERT_TRUE(again) << describe(again.error()) << shown;
  EXPECT_EQ(show(*again), shown);
  EXPECT_EQ(again->options.http.clients.at(0).jwt.subject, "a");
  EXPECT_NE(shown.find("\n[[signing_key]]\nname = \"2026-11\"\nalgorithm = \"HS256\"\nenv = \"UE_TEST_TOKEN\"\n"), std::string::npos) << shown;
  EXPECT_EQ(again->options.signing_keys.at(0).source.env, "UE_TEST_TOKEN");
  EXPECT_EQ(again->options.http.issuers.at(0).algorithms, std::vector<std::string>{"RS256"});
}

TEST(ConfigShow, EveryKeyWithADefaultIsShown) {
  const std::string shown = show(load());
  EXPECT_NE(shown.find("\nsegment_bytes = \"64MiB\"\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\nretention_age = \"7d\"\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\nretry.max = \"30s\"\n"), std::string::npos) << shown;
}

// The reference page has a row for every key, with the default that the code has.
TEST(ConfigDocs, EveryKeyHasARowWithItsDefault) {
  std::ifstream in(std::string(UE_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream text;
  text << in.rdbuf();
  const std::string page = text.str();
  Options options;
  DestinationOptions destination;
  ClientOptions client;
  IssuerOptions issuer;
  SigningKeyOptions key;
  const std::set<std::string_view> kRequired = {"name", "kind", "issuer", "audience", "algorithm"};
  const auto expect_row = [&](const Binding& binding, std::string value) {
    if (value == "\"\"")
      value = kRequired.contains(binding.name) ? "required" : "none";
    else
      value = "`" + value + "`";
    const std::string row = "\n| `" + std::string(binding.name) + "` | " + value + " |";
    EXPECT_NE(page.find(row), std::string::npos) << "docs/configuration.md lacks the row:" << row;
  };
  for (const auto& binding : bind(options)) expect_row(binding, value_text(binding));
  for (const auto& binding : bind(destination)) expect_row(binding, value_text(binding));
  for (const auto& binding : bind(client)) expect_row(binding, value_text(binding));
  for (const auto& binding : bind(issuer)) expect_row(binding, value_text(binding));
  for (const auto& binding : bind(key)) expect_row(binding, value_text(binding));
}

}  // namespace
}  // namespace user_events::config
