// What is checked before there is a connection.
#include <gtest/gtest.h>

#include "destinations/rabbitmq/rabbitmq.h"

namespace user_events::destinations::rabbitmq {
namespace {

using namespace std::chrono_literals;

DestinationOptions with(std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = "r";
  options.kind = "rabbitmq";
  options.topic = "user.events";
  options.settings = std::move(settings);
  options.settings.try_emplace("hosts", "broker");
  return options;
}

/// The settings that are found wrong, in their order.
std::vector<std::string> wrong(const DestinationOptions& options) {
  std::vector<std::string> keys;
  if (const auto config = parse(options); !config)
    for (const auto& field : config.error().fields) keys.push_back(field.pointer);
  return keys;
}

TEST(RabbitMqSettings, DefaultsAreSafe) {
  const auto config = parse(with({}));
  ASSERT_TRUE(config) << describe(config.error());
  EXPECT_EQ(config->declare, Declare::check);
  EXPECT_EQ(config->unroutable, Unroutable::retry);
  EXPECT_EQ(config->routing_key.expand("user.created"), "user.created");
  EXPECT_EQ(config->vhost, "/");
  EXPECT_GE(config->max_in_flight, 1'000u);
  EXPECT_TRUE(config->notes.empty());
}

TEST(RabbitMqSettings, HostsAreNamesAndAddressesWithAndWithoutPort) {
  const auto config = parse(with({{"hosts", "a, b:1234 [::1] [fe80::2]:99"}}));
  ASSERT_TRUE(config) << describe(config.error());
  ASSERT_EQ(config->hosts.size(), 4u);
  EXPECT_EQ(config->hosts[0].text(), "a:5672");
  EXPECT_EQ(config->hosts[1].text(), "b:1234");
  EXPECT_EQ(config->hosts[2].text(), "[::1]:5672");
  EXPECT_EQ(config->hosts[3].text(), "[fe80::2]:99");
  const auto over_tls = parse(with({{"hosts", "a"}, {"tls", "true"}}));
  ASSERT_TRUE(over_tls);
  EXPECT_EQ(over_tls->hosts[0].port, 5'671);
  for (const char* bad : {"a:", "a:0", "a:65536", "a:b", "amqp://a", "user:secret@a", "[::1", "a/b"})
    EXPECT_EQ(wrong(with({{"hosts", bad}})), std::vector<std::string>{"hosts"}) << bad;
}

TEST(RabbitMqSettings, EverythingThatIsWrongIsToldTogetherWithoutAnyValue) {
  const auto options = with({{"heartbeat", "hidden"}, {"declare", "hidden"}, {"unroutable", "hidden"}, {"passwrd", "hidden"}, {"max_in_flight", "0"},
                             {"routing_key", "{user}"}});
  const auto config = parse(options);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::usage);
  EXPECT_EQ(config.error().fields.size(), 6u);
  for (const auto& field : config.error().fields) EXPECT_EQ(field.detail.find("hidden"), std::string::npos) << field.detail;
  EXPECT_NE(config.error().fields.back().detail.find("password"), std::string::npos) << "the nearest name";
}

TEST(RabbitMqSettings, AnExchangeMustBeNamed) {
  auto options = with({});
  options.topic.clear();
  EXPECT_EQ(wrong(options), std::vector<std::string>{"topic"});
  options.topic = std::string(256, 'x');
  EXPECT_EQ(wrong(options), std::vector<std::string>{"topic"});
}

TEST(RabbitMqSettings, VerificationOffNeedsUnsafeAndIsThenShown) {
  EXPECT_EQ(wrong(with({{"tls", "true"}, {"tls_verify", "false"}})), std::vector<std::string>{"tls_verify"});
  const auto config = parse(with({{"tls", "true"}, {"tls_verify", "false"}, {"unsafe", "true"}}));
  ASSERT_TRUE(config);
  ASSERT_EQ(config->notes.size(), 1u);
  EXPECT_NE(config->notes[0].find("tls_verify"), std::string::npos);
}

TEST(RabbitMqSettings, AQueueTypeIsOnlyForAQueueThatIsMade) {
  EXPECT_EQ(wrong(with({{"queue", "q"}, {"queue_type", "quorum"}})), std::vector<std::string>{"queue_type"});
  EXPECT_TRUE(wrong(with({{"queue", "q"}, {"queue_type", "quorum"}, {"declare", "create"}})).empty());
}

TEST(RabbitMqSettings, TheKindListsExactlyTheSettingsThatAreRead) {
  const Kind kind = rabbitmq_kind();
  for (const auto name : kind.settings) {
    auto options = with({});
    options.settings[std::string(name)] = "?";
    const auto config = parse(options);
    if (config) continue;
    for (const auto& field : config.error().fields) EXPECT_EQ(field.detail.find("is no setting"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace user_events::destinations::rabbitmq
