// Topics that are missing, change, or take only so much.
#include <gtest/gtest.h>

#include <set>

#include "destinations/kafka/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

TEST(KafkaTopic, AMissingTopicIsNamedAndWaitedFor) {
  const std::string topic = fresh_topic();
  Loop loop(options_for(topic), 50, 5);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.destination().health().state == HealthState::down; }));
  EXPECT_NE(loop.destination().health().detail.find("create the topic"), std::string::npos)
      << loop.destination().health().detail;
  EXPECT_NE(loop.destination().health().detail.find(topic), std::string::npos);
  broker().create_topic(topic, 1);
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().read_all(topic), 50), "");
}

TEST(KafkaTopic, AnEventOverTheTopicsLimitIsRefusedAloneAndItsUsersLaterEventsDoNotPass) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1, {{"max.message.bytes", "4000"}});
  Loop loop(options_for(topic), 30, 10);
  loop.data_bytes = [](std::uint64_t n) { return n == 3 ? 5'000u : 40u; };
  loop.start();
  ASSERT_TRUE(loop.run());
  ASSERT_EQ(loop.refused().size(), 1u);
  EXPECT_NE(loop.refused().at(3).find("max.message.bytes of 4000"), std::string::npos)
      << loop.refused().at(3);
  const auto records = broker().read_all(topic);
  EXPECT_EQ(check_order(records), "");
  EXPECT_EQ(records.size(), 27u) << "3, 13 and 23 belong to one user";
  for (const KafkaRecord& record : records) EXPECT_NE(record.key, "u-3");
}

TEST(KafkaTopic, TheLimitIsKeptToTheByte) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1, {{"max.message.bytes", "4000"}});
  Loop loop(options_for(topic), 1'000, 1'000);
  loop.data_bytes = [](std::uint64_t n) { return 3'000 + n; };  // passes the limit somewhere in between
  loop.start();
  ASSERT_TRUE(loop.run());
  const auto records = broker().read_all(topic);
  EXPECT_EQ(records.size() + loop.refused().size(), 1'000u);
  ASSERT_GT(loop.refused().size(), 10u);
  ASSERT_GT(records.size(), 10u);
  EXPECT_NE(loop.refused().begin()->second.find("of 4001 bytes"), std::string::npos)
      << loop.refused().begin()->second;
  EXPECT_TRUE(loop.failures().empty()) << "the broker never had to refuse: " << loop.failures().front();
}

TEST(KafkaTopic, ManySmallEventsNeverMakeABatchOverTheTopicsLimit) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1, {{"max.message.bytes", "3000"}});
  Loop loop(options_for(topic), 3'000, 50);
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_TRUE(loop.failures().empty());
  EXPECT_EQ(check_complete(broker().read_all(topic), 3'000), "");
}

TEST(KafkaTopic, ALimitThatIsLoweredLaterRefusesOnlyWhatIsOverIt) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1);
  Loop loop(options_for(topic), 2'000, 10);
  loop.data_bytes = [](std::uint64_t n) { return n == 1'003 ? 9'000u : 400u; };
  bool lowered = false;
  loop.after_poll = [&] {
    if (lowered || loop.accepted() < 10) return;
    lowered = true;
    broker().set_topic_property(topic, "max.message.bytes", "5000");
  };
  loop.start();
  // A slow start, so that the limit falls while most are still to be sent.
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 0; }));
  ASSERT_TRUE(loop.run());
  const auto records = broker().read_all(topic);
  EXPECT_EQ(check_order(records), "");
  if (!loop.refused().empty()) {
    EXPECT_EQ(loop.refused().size(), 1u);
    EXPECT_TRUE(loop.refused().contains(1'003));
    for (const KafkaRecord& record : records)
      EXPECT_TRUE(record.key != "u-3" || sequence_of(record) < 1'003u);
    EXPECT_EQ(records.size(), 2'000u - 100u);
  }
}

// The broker refuses a whole batch; only the one event that is too large may be refused for it, and 2 and 3
// of that user wait.
TEST(KafkaTopic, OfABatchThatTheBrokerRefusesOnlyTheEventThatIsTooLargeIsRefused) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1);
  Loop loop(options_for(topic, {{"kafka.linger.ms", "300"}}), 50, 10);
  loop.data_bytes = [](std::uint64_t n) { return n == 3 ? 20'000u : 40u; };
  loop.start();
  ASSERT_TRUE(loop.wait_up());
  broker().set_topic_property(topic, "max.message.bytes", "10000");
  ASSERT_TRUE(loop.run());
  ASSERT_EQ(loop.refused().size(), 1u);
  EXPECT_TRUE(loop.refused().contains(3));
  const auto records = broker().read_all(topic);
  EXPECT_EQ(check_order(records), "");
  EXPECT_EQ(records.size(), 45u);
  for (const KafkaRecord& record : records) EXPECT_NE(record.key, "u-3");
}

// The first batch of a producer is the dangerous one: a broker that does not know the producer yet takes any
// sequence number, so a second batch that is already on its way would be stored though the first was refused.
TEST(KafkaTopic, NothingOfAUserPassesAnEventInTheFirstBatchThatIsRefused) {
  int refusals = 0;
  for (int round = 0; round < 6; ++round) {
    const std::string topic = fresh_topic();
    broker().create_topic(topic, 1);
    Loop loop(options_for(topic, {{"kafka.batch.num.messages", "10"}, {"kafka.linger.ms", "100"}}), 400, 1);
    loop.data_bytes = [](std::uint64_t n) { return n == 3 ? 20'000u : 40u; };
    loop.start();
    ASSERT_TRUE(loop.wait_up());
    broker().set_topic_property(topic, "max.message.bytes", "10000");
    ASSERT_TRUE(loop.run());
    if (loop.refused().empty()) continue;  // the broker took the new limit up after the third event
    ++refusals;
    for (const KafkaRecord& record : broker().read_all(topic)) EXPECT_LT(sequence_of(record), 3u);
  }
  EXPECT_GE(refusals, 3) << "the limit was hardly ever in force in time";
}

TEST(KafkaTopic, ARunningProducerTakesUpMorePartitions) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1);
  constexpr std::uint64_t kUsers = 100;
  Loop loop(options_for(topic, {{"kafka.topic.metadata.refresh.interval.ms", "300"}}), kUsers, kUsers);
  loop.start();
  ASSERT_TRUE(loop.run());
  broker().set_partitions(topic, 4);
  std::set<std::int32_t> used;
  const bool spread = loop.run_until([&] {
    if (loop.in_flight() > 0) return false;
    for (const KafkaRecord& record : broker().read_all(topic)) used.insert(record.partition);
    for (std::uint64_t i = 0; i < kUsers; ++i) loop.add();
    return used.size() == 4;
  });
  EXPECT_TRUE(spread) << "partitions used: " << used.size();
  ASSERT_TRUE(loop.run());
}

TEST(KafkaTopic, MorePartitionsAreTakenUpOnlyOnceNothingIsUnderWay) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 2);
  Loop loop(options_for(topic, {{"kafka.topic.metadata.refresh.interval.ms", "300"}}), 40'000, 100);
  bool raised = false;
  loop.after_poll = [&] {
    if (raised || loop.accepted() < 500) return;
    raised = true;
    broker().set_partitions(topic, 5);
  };
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 500; }));
  ASSERT_TRUE(loop.run());
  Loop more(options_for(topic), 41'000, 100, loop.saved());
  more.start();
  ASSERT_TRUE(more.run());
  const auto records = broker().read_all(topic);
  std::set<std::int32_t> used;
  std::set<std::uint64_t> seen;
  std::map<std::pair<std::string, std::int32_t>, std::uint64_t> last;
  for (const KafkaRecord& record : records) {
    used.insert(record.partition);
    EXPECT_TRUE(seen.insert(sequence_of(record)).second);
    auto& before = last[{record.key, record.partition}];
    EXPECT_LT(before, sequence_of(record));
    before = sequence_of(record);
  }
  EXPECT_EQ(seen.size(), 41'000u);
  EXPECT_EQ(used.size(), 5u);
  // A user moves from one partition to another once, and everything before the move is older than everything
  // after it.
  std::map<std::string, std::map<std::int32_t, std::pair<std::uint64_t, std::uint64_t>>> ranges;
  for (const KafkaRecord& record : records) {
    auto [range, fresh] =
        ranges[record.key].try_emplace(record.partition, sequence_of(record), sequence_of(record));
    if (!fresh) range->second.second = sequence_of(record);
  }
  for (const auto& [user, partitions] : ranges) {
    ASSERT_LE(partitions.size(), 2u) << user;
    if (partitions.size() == 2) {
      const auto &a = partitions.begin()->second, &b = std::next(partitions.begin())->second;
      EXPECT_TRUE(a.second < b.first || b.second < a.first) << user;
    }
  }
}

}  // namespace
}  // namespace user_events::tests
