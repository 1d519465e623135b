// What arrives in the topic, and how the destination behaves while all is well.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

#include "destinations/kafka/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

std::vector<KafkaRecord> send_one(const std::string& format) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1);
  auto options = options_for(topic);
  options.format = format;
  Loop loop(options, 1, 10);
  loop.start();
  EXPECT_TRUE(loop.run());
  return broker().read_all(topic);
}

TEST(KafkaSending, StructuredModeCarriesTheWholeEventAndItsMarks) {
  const auto records = send_one("cloudevents");
  ASSERT_EQ(records.size(), 1u);
  const KafkaRecord& record = records[0];
  EXPECT_EQ(record.key, "u-1");
  EXPECT_EQ(record.header("content-type"), "application/cloudevents+json; charset=UTF-8");
  EXPECT_EQ(record.header("ce_id"), "event-1");
  EXPECT_EQ(record.header("ce_sequence"), "00000000000000000001");
  EXPECT_EQ(record.header("ce_journalid"), "01JOURNAL0000000000000000A");
  EXPECT_TRUE(record.value.starts_with(R"({"specversion":"1.0","id":"event-1")")) << record.value;
  EXPECT_NE(record.value.find(R"("sequence":"00000000000000000001")"), std::string::npos);
}

TEST(KafkaSending, BinaryModeCarriesTheAttributesInHeadersAndTheDataAlone) {
  const auto records = send_one("cloudevents-binary");
  ASSERT_EQ(records.size(), 1u);
  const KafkaRecord& record = records[0];
  EXPECT_EQ(record.value, R"({"pad":")" + std::string(40, 'x') + R"("})");
  EXPECT_EQ(record.header("content-type"), "application/json");
  EXPECT_EQ(record.header("ce_specversion"), "1.0");
  EXPECT_EQ(record.header("ce_id"), "event-1");
  EXPECT_EQ(record.header("ce_source"), "urn:test");
  EXPECT_EQ(record.header("ce_type"), "user.created");
  EXPECT_EQ(record.header("ce_subject"), "u-1");
  EXPECT_EQ(record.header("ce_partitionkey"), "u-1");
  EXPECT_EQ(record.header("ce_time"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(record.header("ce_sequence"), "00000000000000000001");
  EXPECT_EQ(record.header("ce_journalid"), "01JOURNAL0000000000000000A");
}

TEST(KafkaSending, PlainIsTheThreeFieldsWithTheMarksInHeaders) {
  const auto records = send_one("plain");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(records[0].value.starts_with(R"({"type":"user.created","timestamp":)")) << records[0].value;
  EXPECT_EQ(records[0].header("content-type"), "application/json");
  EXPECT_EQ(records[0].header("ce_id"), "event-1");
  EXPECT_EQ(records[0].header("ce_sequence"), "00000000000000000001");
}

// The partitions that Java's default partitioner (murmur2) gives to these keys among seven.
TEST(KafkaSending, UsersLandOnThePartitionThatJavaClientsChoose) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 7);
  Loop loop(options_for(topic), 100, 100);
  loop.start();
  ASSERT_TRUE(loop.run());
  const auto murmur2 = [](std::string_view key) {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i]));
    };
    constexpr std::uint32_t m = 0x5bd1e995;
    std::uint32_t h = 0x9747b28cu ^ static_cast<std::uint32_t>(key.size());
    std::size_t i = 0;
    for (; i + 4 <= key.size(); i += 4) {
      std::uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
      k *= m;
      k ^= k >> 24;
      k *= m;
      h = h * m ^ k;
    }
    if (key.size() - i == 3) h ^= byte(i + 2) << 16;
    if (key.size() - i >= 2) h ^= byte(i + 1) << 8;
    if (key.size() - i >= 1) h = (h ^ byte(i)) * m;
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
  };
  for (const KafkaRecord& record : broker().read_all(topic))
    EXPECT_EQ(record.partition, static_cast<std::int32_t>((murmur2(record.key) & 0x7fffffff) % 7))
        << record.key;
}

TEST(KafkaSending, ManyEventsArriveOnceAndInOrderPerUser) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 6);
  Loop loop(options_for(topic), 50'000, 1'000);
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().read_all(topic), 50'000), "");
  EXPECT_TRUE(loop.failures().empty());
  EXPECT_EQ(loop.destination().health().state, HealthState::up);
  EXPECT_EQ(loop.destination().health().detail, "");
}

TEST(KafkaSending, AnIdleDestinationUsesNoProcessor) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 6);
  Loop loop(options_for(topic), 100, 10);
  loop.start();
  ASSERT_TRUE(loop.run());
  const auto cpu_seconds = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  };
  const double before = cpu_seconds();
  std::vector<destinations::Report> reports;
  for (int i = 0; i < 3; ++i) loop.destination().poll(reports, 1s);
  EXPECT_TRUE(reports.empty());
  EXPECT_LT(cpu_seconds() - before, 0.06) << "of 3 s";
}

TEST(KafkaSending, WakeEndsAPollThatWaits) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1);
  Loop loop(options_for(topic), 0);
  loop.start();
  ASSERT_TRUE(loop.wait_up());
  std::vector<destinations::Report> reports;
  const auto before = std::chrono::steady_clock::now();
  std::thread waker([&] {
    std::this_thread::sleep_for(100ms);
    loop.destination().wake();
  });
  loop.destination().poll(reports, 10s);
  waker.join();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
}

TEST(KafkaSending, CloseSendsWhatIsQueued) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic, {{"kafka.linger.ms", "5000"}}), 1'000, 10);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.sent() == 1'000; }));
  EXPECT_LT(loop.accepted(), 1'000u);
  const auto before = std::chrono::steady_clock::now();
  loop.close(10s);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
  EXPECT_EQ(loop.accepted(), 1'000u);
  EXPECT_EQ(loop.in_flight(), 0u);
  EXPECT_EQ(check_complete(broker().read_all(topic), 1'000), "");
}

TEST(KafkaSending, ADestinationStartsAgainAfterClose) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic), 200, 10);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.sent() > 0; }));
  loop.close(10s);
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().read_all(topic), 200), "");
}

}  // namespace
}  // namespace user_events::tests
