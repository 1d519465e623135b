// What is checked before there is any connection.
#include <gtest/gtest.h>

#include "destinations/kafka/config.h"
#include "destinations/kafka/kafka.h"
#include "destinations/kafka/record.h"
#include "destinations/kafka/resume.h"

namespace user_events::destinations::kafka {
namespace {

DestinationOptions options(std::map<std::string, std::string> settings) {
  DestinationOptions result;
  result.name = "k";
  result.kind = "kafka";
  result.topic = "user.events";
  result.settings = std::move(settings);
  result.settings.try_emplace("kafka.bootstrap.servers", "127.0.0.1:1");
  return result;
}

std::string refusal(std::map<std::string, std::string> settings) {
  const auto checked = kafka_kind().check(options(std::move(settings)));
  if (checked) return "accepted";
  EXPECT_EQ(checked.error().kind, ErrorKind::usage);
  return describe(checked.error());
}

TEST(KafkaSettings, EverySettingThatIsWrongIsReportedWithItsKey) {
  auto given = options({{"kafka.lingr.ms", "5"}, {"kafka.batch.size", "swordfish"}, {"unsafe", "maybe"}});
  given.topic = "no topic";
  const auto checked = kafka_kind().check(given);
  ASSERT_FALSE(checked);
  std::map<std::string, std::string> found;
  for (const auto& field : checked.error().fields) found[field.pointer] = field.detail;
  ASSERT_EQ(found.size(), 4u);
  EXPECT_TRUE(found.contains("topic") && found.contains("unsafe"));
  EXPECT_NE(found["kafka.lingr.ms"].find("did you mean linger.ms?"), std::string::npos)
      << found["kafka.lingr.ms"];
  EXPECT_EQ(found["kafka.batch.size"].find("swordfish"), std::string::npos) << found["kafka.batch.size"];
}

TEST(KafkaSettings, AVoidedPromiseIsReportedUnderTheNameThatWasGiven) {
  for (const char* property : {"acks", "request.required.acks"}) {
    const auto checked = kafka_kind().check(options({{std::string("kafka.") + property, "1"}}));
    ASSERT_FALSE(checked);
    ASSERT_EQ(checked.error().fields.size(), 1u) << "not what follows from it";
    EXPECT_EQ(checked.error().fields[0].pointer, std::string("kafka.") + property);
  }
}

TEST(KafkaSettings, DefaultsAreAccepted) { EXPECT_EQ(refusal({}), "accepted"); }

TEST(KafkaSettings, AnyLibrdkafkaPropertyPassesThrough) {
  EXPECT_EQ(refusal({{"kafka.compression.type", "lz4"},
                     {"kafka.linger.ms", "50"},
                     {"kafka.socket.keepalive.enable", "true"}}),
            "accepted");
}

TEST(KafkaSettings, UnknownPropertiesAndBadValuesAreNamed) {
  EXPECT_NE(refusal({{"kafka.linger.sm", "5"}}).find("linger.sm"), std::string::npos);
  EXPECT_NE(refusal({{"kafka.linger.ms", "soon"}}).find("linger.ms"), std::string::npos);
  EXPECT_NE(refusal({{"compression", "lz4"}}).find("compression"), std::string::npos);
  EXPECT_NE(refusal({{"settle", "5"}}).find("settle"), std::string::npos);
  EXPECT_NE(refusal({{"unsafe", "yes"}}).find("unsafe"), std::string::npos);
}

TEST(KafkaSettings, CombinationsThatCanNeverWorkAreRefused) {
  EXPECT_NE(refusal({{"kafka.security.protocol", "ssl"}, {"kafka.ssl.ca.location", "/no/such/file"}}),
            "accepted");
}

TEST(KafkaSettings, ARecordWithoutABodyIsNotSigned) {
  EXPECT_EQ(refusal({{"tombstones", "true"}}), "accepted");
  for (const char* signature : {"jws", "dsse"}) {
    auto given = options({{"tombstones", "true"}});
    given.sign = "k1";
    given.signature = signature;
    const auto checked = kafka_kind().check(given);
    ASSERT_FALSE(checked) << signature;
    ASSERT_EQ(checked.error().fields.size(), 1u);
    EXPECT_EQ(checked.error().fields[0].pointer, "tombstones");
    EXPECT_NE(describe(checked.error()).find("no body"), std::string::npos) << describe(checked.error());
    given.settings["tombstones"] = "false";
    EXPECT_TRUE(kafka_kind().check(given));
  }
}

TEST(KafkaSettings, SecretsAreNotRepeated) {
  const std::string text = refusal(
      {{"kafka.ssl.key.pem", "hunter2"}, {"kafka.security.protocol", "ssl"}, {"kafka.sasl.password", ""}});
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(KafkaSettings, ServersAndTopicMustBeGiven) {
  DestinationOptions without = options({});
  without.settings.clear();
  ASSERT_FALSE(kafka_kind().check(without));
  EXPECT_NE(describe(kafka_kind().check(without).error()).find("bootstrap.servers"), std::string::npos);
  for (const char* topic : {"", "user events", "..", "ü"}) {
    DestinationOptions bad = options({});
    bad.topic = topic;
    EXPECT_FALSE(kafka_kind().check(bad)) << topic;
  }
}

TEST(KafkaSettings, PropertiesThatVoidAPromiseNeedUnsafe) {
  const std::vector<std::pair<std::string, std::string>> voiding = {
      {"kafka.acks", "1"},
      {"kafka.request.required.acks", "0"},
      {"kafka.enable.idempotence", "false"},
      {"kafka.message.timeout.ms", "30000"},
      {"kafka.delivery.timeout.ms", "1000"},
      {"kafka.enable.gapless.guarantee", "false"},
      {"kafka.partitioner", "consistent"},
      {"kafka.retries", "3"},
      {"kafka.message.send.max.retries", "3"},
      {"kafka.max.in.flight", "5"},
      {"kafka.queuing.strategy", "lifo"}};
  for (const auto& [name, value] : voiding) {
    EXPECT_NE(refusal({{name, value}}).find("unsafe = true"), std::string::npos) << name;
    EXPECT_EQ(refusal({{name, value}, {"unsafe", "true"}}), "accepted") << name;
    const auto config = parse(options({{name, value}, {"unsafe", "true"}}));
    ASSERT_TRUE(config);
    EXPECT_GE(config->notes.size(), 1u) << name;
  }
  EXPECT_TRUE(parse(options({}))->notes.empty());
}

TEST(KafkaSettings, WithoutOrderInTheProducerThereIsNoOrderedPipeline) {
  EXPECT_TRUE(KafkaDestination(*parse(options({}))).features().ordered_pipeline);
  EXPECT_FALSE(KafkaDestination(*parse(options({{"kafka.enable.idempotence", "false"}, {"unsafe", "true"}})))
                   .features()
                   .ordered_pipeline);
  EXPECT_FALSE(KafkaDestination(*parse(options({{"kafka.message.timeout.ms", "1000"}, {"unsafe", "true"}})))
                   .features()
                   .ordered_pipeline);
  EXPECT_TRUE(KafkaDestination(*parse(options({{"kafka.partitioner", "consistent"}, {"unsafe", "true"}})))
                  .features()
                  .ordered_pipeline);
}

TEST(KafkaSettings, TransactionsAreRefusedEvenUnsafe) {
  EXPECT_NE(refusal({{"kafka.transactional.id", "t"}, {"unsafe", "true"}}).find("transactional.id"),
            std::string::npos);
}

TEST(KafkaSettings, TheBoundOnEventsFollowsTheUsersOwnMessageSize) {
  EXPECT_LT(KafkaDestination(*parse(options({}))).features().max_message_bytes, 1'000'000u);
  EXPECT_GT(KafkaDestination(*parse(options({}))).features().max_message_bytes, 990'000u);
  EXPECT_GT(KafkaDestination(*parse(options({{"kafka.message.max.bytes", "8000000"}})))
                .features()
                .max_message_bytes,
            7'990'000u);
}

TEST(KafkaResume, SurvivesItsText) {
  const Resume resume{.cluster_id = "abc",
                      .topic = "user.events",
                      .partitions = {{12, 7}, {0, 0}, {9'000'000'000, 18'000'000'000}}};
  const auto back = parse_resume(to_text(resume));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->cluster_id, "abc");
  EXPECT_EQ(back->topic, "user.events");
  ASSERT_EQ(back->partitions.size(), 3u);
  EXPECT_EQ(back->partitions[2].next_offset, 9'000'000'000);
  EXPECT_EQ(back->partitions[2].last_sequence, 18'000'000'000u);
  EXPECT_EQ(parse_resume(to_text({.cluster_id = {}, .topic = "t", .partitions = {}}))->cluster_id, "");
  for (const char* bad : {"", "v2 a b", "v1 a", "v1 a b 1", "v1 a b 1:x", "v1 a b -1:1"})
    EXPECT_FALSE(parse_resume(bad)) << bad;
}

}  // namespace
}  // namespace user_events::destinations::kafka
