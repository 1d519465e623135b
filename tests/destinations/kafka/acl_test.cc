// What an ACL means for a plan, without a broker.
#include <gtest/gtest.h>

#include "destinations/kafka/access.h"

namespace user_events::destinations::kafka {
namespace {

DestinationOptions options(std::map<std::string, std::string> settings = {}) {
  DestinationOptions result;
  result.name = "k";
  result.kind = "kafka";
  result.topic = "t.x";
  result.settings = std::move(settings);
  result.settings.try_emplace("kafka.bootstrap.servers", "b-2:1, a-1");
  result.settings.try_emplace("kafka.security.protocol", "sasl_plaintext");
  result.settings.try_emplace("kafka.sasl.mechanism", "PLAIN");
  result.settings.try_emplace("kafka.sasl.username", "us");
  result.settings.try_emplace("kafka.sasl.password", "secret");
  return result;
}

AccessNeeds needs(const DestinationOptions& given) {
  auto result = access_control().needs(given, {});
  EXPECT_TRUE(result) << describe(result.error());
  return result ? *std::move(result) : AccessNeeds{};
}

std::vector<std::string> acls(const AccessNeeds& needs) {
  std::vector<std::string> out;
  for (const auto& grant : needs.grants) out.push_back(text_of(acl_of(grant)));
  return out;
}
using Texts = std::vector<std::string>;

TEST(KafkaAcl, ThePublisherWritesReadsBackAndSeesTheLimit) {
  auto given = options();
  given.dead_letter_topic = "dead";
  EXPECT_EQ(needs(given).broker, "a-1:9092,b-2:1");
  EXPECT_EQ(acls(needs(given)), (Texts{"Allow User:us Write on topic t.x", "Allow User:us Describe on topic t.x", "Allow User:us Read on topic t.x",
                                       "Allow User:us DescribeConfigs on topic t.x", "Allow User:us Write on topic dead", "Allow User:us Describe on topic dead"}));
  EXPECT_EQ(acls(needs(options({{"kafka.allow.auto.create.topics", "true"}}))).back(), "Allow User:us Create on topic t.x");
}

TEST(KafkaAcl, ConsumersReadTheTopicInTheirGroups) {
  auto given = options();
  given.consumers = {"crm group=crm-*", "User:CN=bi,O=x group=bi", "audit"};
  const auto all = acls(needs(given));
  EXPECT_EQ(Texts(all.begin() + 4, all.end()),
            (Texts{"Allow User:crm Read on topic t.x", "Allow User:crm Describe on topic t.x", "Allow User:crm Read on group crm-*", "Allow User:CN=bi,O=x Read on topic t.x",
                   "Allow User:CN=bi,O=x Describe on topic t.x", "Allow User:CN=bi,O=x Read on group bi", "Allow User:audit Read on topic t.x", "Allow User:audit Describe on topic t.x"}));
  given.consumers = {"crm queue=q"};
  EXPECT_FALSE(access_control().needs(given, {}));
}

TEST(KafkaAcl, AsCommandsForItsAdministrator) {
  auto given = options();
  given.consumers = {"o'brien group=crm-*"};
  const auto plan = needs(given);
  const auto text = access_control().as_text(given, plan.grants);
  ASSERT_TRUE(text);
  const std::string begin = "kafka-acls.sh --bootstrap-server 'a-1:9092,b-2:1' --command-config admin.properties --add --allow-principal ";
  EXPECT_EQ(*text, begin + "'User:o'\\''brien' --operation Read --group 'crm-' --resource-pattern-type prefixed\n" +                     //
                       begin + "'User:o'\\''brien' --operation Read --operation Describe --topic 't.x'\n" +                              //
                       begin + "'User:us' --operation Write --operation Describe --operation Read --operation DescribeConfigs --topic 't.x'\n");
  EXPECT_EQ(text->find("secret"), std::string::npos);
}

TEST(KafkaAcl, ThePublisherIsWhomTheBrokerKnowsHimBy) {
  const auto of = [](const DestinationOptions& given) {
    const auto config = parse(given);
    EXPECT_TRUE(config) << describe(config.error());
    return publisher_of(*config, given);
  };
  EXPECT_EQ(*of(options()), "User:us");
  EXPECT_EQ(*of(options({{"kafka.sasl.username", "a=b:c"}})), "User:a=b:c");
  auto named = options({{"kafka.security.protocol", "plaintext"}});
  EXPECT_FALSE(of(named)) << "ANONYMOUS";
  named.principal = "Robot:r2";
  EXPECT_EQ(*of(named), "Robot:r2");
  named.principal = "CN=x:y";
  EXPECT_EQ(*of(named), "User:CN=x:y");
  EXPECT_FALSE(of(options({{"kafka.security.protocol", "ssl"}}))) << "no certificate";
}

/// The plan of `us`, and `crm` in the groups crm-*.
std::vector<Grant> plan() {
  auto given = options();
  given.consumers = {"crm group=crm-*"};
  return needs(given).grants;
}

std::string meaning(const Acl& acl) {
  const auto entry = entry_of(acl, plan());
  if (!entry) return "nothing";
  std::string out;
  for (const auto& right : entry->rights) out += right.operation + " ";
  return out + (entry->goes_beyond ? "and more " : "") + (entry->is_conditional ? "partly " : "") + (entry->is_removable ? "here" : "elsewhere too");
}

TEST(KafkaAcl, WhatAnEntryGives) {
  EXPECT_EQ(meaning({.name = "t.x", .principal = "User:us", .operation = RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS}), "DescribeConfigs here");
  EXPECT_EQ(meaning({.name = "t.x", .principal = "User:crm", .operation = RD_KAFKA_ACL_OPERATION_READ}), "Describe Read here") << "reading implies describing";
  EXPECT_EQ(meaning({.name = "t.x", .principal = "User:crm", .operation = RD_KAFKA_ACL_OPERATION_ALL}), "Describe DescribeConfigs Read Write and more here");
  EXPECT_EQ(meaning({.name = "t.x", .principal = "User:m", .operation = RD_KAFKA_ACL_OPERATION_DELETE}), "Describe and more here");
  EXPECT_EQ(meaning({.name = "t.x", .principal = "User:m", .host = "10.0.0.1", .operation = RD_KAFKA_ACL_OPERATION_WRITE}), "Describe Write partly here");
}

TEST(KafkaAcl, PatternsAreTakenAsTheBrokerTakesThem) {
  const auto prefixed = RD_KAFKA_RESOURCE_PATTERN_PREFIXED;
  EXPECT_EQ(meaning({.pattern = prefixed, .name = "t.", .principal = "User:m", .operation = RD_KAFKA_ACL_OPERATION_WRITE}), "Describe Write and more elsewhere too");
  EXPECT_EQ(meaning({.name = "*", .principal = "User:m", .operation = RD_KAFKA_ACL_OPERATION_READ}), "Describe Read and more elsewhere too");
  EXPECT_EQ(meaning({.name = "t.", .principal = "User:m", .operation = RD_KAFKA_ACL_OPERATION_READ}), "nothing") << "another topic";
  EXPECT_EQ(meaning({.resource = RD_KAFKA_RESOURCE_GROUP, .pattern = prefixed, .name = "crm-", .principal = "User:crm"}), "Read here");
  EXPECT_EQ(meaning({.resource = RD_KAFKA_RESOURCE_GROUP, .name = "crm-1", .principal = "User:crm"}), "Read partly elsewhere too") << "one of the groups";
  EXPECT_EQ(meaning({.resource = RD_KAFKA_RESOURCE_GROUP, .pattern = prefixed, .name = "cr", .principal = "User:crm"}), "Read and more elsewhere too");
  EXPECT_EQ(meaning({.resource = RD_KAFKA_RESOURCE_GROUP, .name = "t.x", .principal = "User:m"}), "nothing") << "a group of the topic's name";
}

TEST(KafkaAcl, ThePublisherIsLookedAtEverywhereOthersAtThePlansResources) {
  EXPECT_EQ(meaning({.name = "other", .principal = "User:us", .operation = RD_KAFKA_ACL_OPERATION_READ}), "and more elsewhere too");
  EXPECT_EQ(meaning({.name = "other", .principal = "User:crm", .operation = RD_KAFKA_ACL_OPERATION_READ}), "nothing");
  EXPECT_EQ(meaning({.resource = RD_KAFKA_RESOURCE_BROKER, .name = "kafka-cluster", .principal = "User:us", .operation = RD_KAFKA_ACL_OPERATION_ALTER}), "and more elsewhere too");
}

TEST(KafkaAcl, ADenialImpliesNothing) {
  const auto deny = RD_KAFKA_ACL_PERMISSION_TYPE_DENY;
  EXPECT_EQ(meaning({.name = "t.x", .principal = "User:crm", .operation = RD_KAFKA_ACL_OPERATION_READ, .permission = deny}), "Read here");
  EXPECT_EQ(meaning({.name = "t.x", .principal = "User:m", .operation = RD_KAFKA_ACL_OPERATION_ALTER, .permission = deny}), "nothing");
  const auto everybody = entry_of({.name = "t.x", .principal = "User:*", .operation = RD_KAFKA_ACL_OPERATION_READ}, plan());
  ASSERT_TRUE(everybody);
  EXPECT_EQ(everybody->principal, kAnybody);
}

TEST(KafkaAcl, ScramWithALibraryThatCannotDoItIsSaid) {
  const auto config = parse(options({{"kafka.sasl.mechanism", "SCRAM-SHA-512"}}));
  ASSERT_TRUE(config);
  EXPECT_NE(scram_problem(*config, 0x020002ff).find("librdkafka 2.0.2 cannot log in by SCRAM to Kafka 4"), std::string::npos);
  EXPECT_EQ(scram_problem(*config, 0x020601ff), "");
  EXPECT_EQ(scram_problem(*parse(options()), 0x020002ff), "") << "PLAIN";
}

}  // namespace
}  // namespace user_events::destinations::kafka
