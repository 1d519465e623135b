// What arrives in the queue, and how the destination behaves while all is well.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

#include "destinations/rabbitmq/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;
using destinations::Outcome;

std::vector<RabbitRecord> send_one(const std::string& format, std::uint32_t replay = 0, const std::string& extensions = {}) {
  const std::string exchange = fresh_exchange();
  auto options = options_for(exchange);
  options.format = format;
  Loop loop(options, 1, 10);
  loop.replay = replay;
  loop.extensions = extensions;
  loop.start();
  EXPECT_TRUE(loop.run());
  return broker().drain(exchange);
}

TEST(RabbitMqSending, StructuredModeCarriesTheWholeEventAndItsMarks) {
  const auto records = send_one("cloudevents");
  ASSERT_EQ(records.size(), 1u);
  const RabbitRecord& record = records[0];
  EXPECT_EQ(record.routing_key, "user.created");
  EXPECT_EQ(record.content_type, "application/cloudevents+json; charset=UTF-8");
  EXPECT_EQ(record.message_id, "event-1");
  EXPECT_EQ(record.type, "user.created");
  EXPECT_EQ(record.app_id, "user-events");
  EXPECT_EQ(record.timestamp, 1'700'000'000u);
  EXPECT_EQ(record.delivery_mode, 2);
  EXPECT_EQ(record.headers.size(), 3u);
  EXPECT_EQ(record.header("cloudEvents_id"), "event-1");
  EXPECT_EQ(record.header("cloudEvents_sequence"), "00000000000000000001");
  EXPECT_EQ(record.header("cloudEvents_journalid"), "01JOURNAL0000000000000000A");
  EXPECT_TRUE(record.body.starts_with(R"({"specversion":"1.0","id":"event-1")")) << record.body;
}

TEST(RabbitMqSending, BinaryModeCarriesTheAttributesInHeadersAndTheDataAlone) {
  const auto records = send_one("cloudevents-binary", 0, R"("tenant":"t-1")");
  ASSERT_EQ(records.size(), 1u);
  const RabbitRecord& record = records[0];
  EXPECT_EQ(record.body, R"({"pad":")" + std::string(40, 'x') + R"("})");
  EXPECT_EQ(record.content_type, "application/json");
  EXPECT_EQ(record.header("cloudEvents_specversion"), "1.0");
  EXPECT_EQ(record.header("cloudEvents_id"), "event-1");
  EXPECT_EQ(record.header("cloudEvents_source"), "urn:test");
  EXPECT_EQ(record.header("cloudEvents_type"), "user.created");
  EXPECT_EQ(record.header("cloudEvents_subject"), "u-1");
  EXPECT_EQ(record.header("cloudEvents_time"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(record.header("cloudEvents_sequence"), "00000000000000000001");
  EXPECT_EQ(record.header("cloudEvents_tenant"), "t-1");
}

TEST(RabbitMqSending, PlainIsTheThreeFieldsWithTheMarksInHeaders) {
  const auto records = send_one("plain");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(records[0].body.starts_with(R"({"type":"user.created","timestamp":)")) << records[0].body;
  EXPECT_EQ(records[0].content_type, "application/json");
  EXPECT_EQ(records[0].header("cloudEvents_id"), "event-1");
}

TEST(RabbitMqSending, AReplayHasAMessageIdOfItsOwnAndSaysWhichItIs) {
  const auto records = send_one("plain", 2);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].message_id, "event-1.2");
  EXPECT_EQ(records[0].header("cloudEvents_id"), "event-1");
  EXPECT_EQ(records[0].header("cloudEvents_replay"), "2");
}

TEST(RabbitMqSending, ManyEventsArriveOnceAndInOrderPerUser) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange), 30'000);
  loop.start();
  ASSERT_TRUE(loop.run());
  const auto records = broker().drain(exchange);
  EXPECT_EQ(records.size(), 30'000u);
  EXPECT_EQ(check_complete(records, 30'000), "");
  EXPECT_EQ(loop.sent(), 30'000u);
  EXPECT_EQ(loop.destination().health().state, HealthState::up);
  EXPECT_EQ(loop.destination().health().detail, "");
}

}  // namespace
}  // namespace user_events::tests
