// What a user's permissions mean for a plan, without a broker.
#include <gtest/gtest.h>

#include "destinations/rabbitmq/access.h"

namespace user_events::destinations::rabbitmq {
namespace {

DestinationOptions options(std::map<std::string, std::string> settings = {}) {
  DestinationOptions result;
  result.name = "r";
  result.kind = "rabbitmq";
  result.topic = "user.events";
  result.settings = std::move(settings);
  result.settings.try_emplace("hosts", "b,a:1");
  result.settings.try_emplace("user", "us");
  result.settings.try_emplace("password", "secret");
  return result;
}

std::string commands(const DestinationOptions& given) {
  const auto needs = access_control().needs(given, {});
  if (!needs) return describe(needs.error());
  const auto text = access_control().as_text(given, needs->grants);
  return text ? *text : describe(text.error());
}

TEST(RabbitMqPermissions, OfThePublisherFollowTheTopologyThatHeMakes) {
  EXPECT_EQ(access_control().needs(options(), {})->broker, "a:1,b:5672 vhost /");
  EXPECT_EQ(commands(options()), "rabbitmqctl set_permissions -p '/' 'us' '' '^user\\.events$' ''\n");
  EXPECT_EQ(commands(options({{"declare", "create"}, {"vhost", "prod"}})), "rabbitmqctl set_permissions -p 'prod' 'us' '^user\\.events$' '^user\\.events$' ''\n");
  EXPECT_EQ(commands(options({{"declare", "create"}, {"queue", "q"}})),
            "rabbitmqctl set_permissions -p '/' 'us' '^(q|user\\.events)$' '^(q|user\\.events)$' '^user\\.events$'\n");
  auto given = options();
  given.dead_letter_topic = "dead";
  EXPECT_EQ(commands(given), "rabbitmqctl set_permissions -p '/' 'us' '' '^(amq\\.default|user\\.events)$' ''\n");
}

TEST(RabbitMqPermissions, OfConsumersAreToReadTheirQueues) {
  auto given = options();
  given.consumers = {"crm queue=crm-events", "it's queue=a+b", "crm queue=more"};
  EXPECT_EQ(commands(given),
            "rabbitmqctl set_permissions -p '/' 'crm' '' '' '^(crm\\-events|more)$'\n"
            "rabbitmqctl set_permissions -p '/' 'it'\\''s' '' '' '^a\\+b$'\n"
            "rabbitmqctl set_permissions -p '/' 'us' '' '^user\\.events$' ''\n");
  given.consumers = {"crm"};
  EXPECT_NE(commands(given).find("it is not known what he reads"), std::string::npos);
  given.settings["declare"] = "create";
  given.settings["queue"] = "q";
  EXPECT_NE(commands(given).find("'crm' '' '' '^q$'"), std::string::npos) << "the destination's own queue";
  given.consumers = {"crm group=g"};
  EXPECT_NE(commands(given).find("RabbitMQ has none"), std::string::npos);
}

/// us writes to t.x, crm reads q.
std::vector<Grant> plan() {
  return {{Role::publisher, "us", {"resource", "t.x", "write", false}}, {Role::consumer, "crm", {"resource", "q", "read", false}}};
}

std::string meaning(const std::string& user, std::array<std::string, 3> patterns) {
  std::string out;
  for (const auto& [operation, entry] : entries_of({user, std::move(patterns)}, plan())) {
    out += (out.empty() ? "" : ", ") + std::string(kOperations[operation]) + ":";
    for (const auto& right : entry.rights) out += " " + right.name;
    out += (entry.goes_beyond ? " and more" : "") + std::string(entry.is_conditional ? " perhaps" : "") + (entry.is_removable ? " here" : "");
  }
  return out;
}

TEST(RabbitMqPermissions, WhatAPatternGives) {
  EXPECT_EQ(meaning("us", {"", "^t\\.x$", ""}), "write: t.x here");
  EXPECT_EQ(meaning("crm", {"", "", "^q$"}), "read: q here");
  EXPECT_EQ(meaning("crm", {"", "", "^q$|^other$"}), "read: q") << "what else a consumer reads is not ours to judge";
  EXPECT_EQ(meaning("crm", {"", "", ".*"}), "read: q and more") << "reading the exchange is to bind a queue to it";
  EXPECT_EQ(meaning("mallory", {"", "x", ""}), "write: t.x") << "patterns are not anchored";
  EXPECT_EQ(meaning("mallory", {"^t\\.x$", "", ""}), "configure: and more here") << "could delete it";
  EXPECT_EQ(meaning("mallory", {"", "^t\\.x$", "^other$"}), "write: t.x here");
  EXPECT_EQ(meaning("mallory", {"^other$", "^other$", "^other$"}), "");
}

TEST(RabbitMqPermissions, OfThePublisherAnythingElseIsMore) {
  EXPECT_EQ(meaning("us", {"", ".*", ""}), "write: t.x and more here");
  EXPECT_EQ(meaning("us", {"", "^t\\.x$|^y$", "^z$"}), "write: t.x and more here, read: and more here");
}

TEST(RabbitMqPermissions, APatternThatCannotBeReadCouldMatchEverythingAndFulfilsNothing) {
  EXPECT_EQ(meaning("mallory", {"", "(?=t)t", ""}), "write: t.x and more perhaps");
  EXPECT_EQ(meaning("crm", {"", "", "(?=q)q"}), "read: q and more perhaps");
  EXPECT_EQ(meaning("crm", {"", "", "^q$|(?=q)q"}), "read: q and more") << "ours stands before it";
}

TEST(RabbitMqPermissions, AnExactPatternMatchesItsNamesAlone) {
  EXPECT_EQ(exact_pattern({}), "");
  EXPECT_EQ(exact_pattern({"a.b"}), "^a\\.b$");
  EXPECT_EQ(exact_pattern({"b", "a|c", "x y/\\"}), "^(a\\|c|b|x\\ y\\/\\\\)$");
}

}  // namespace
}  // namespace user_events::destinations::rabbitmq
