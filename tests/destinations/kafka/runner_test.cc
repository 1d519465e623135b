// Journal → runner → Kafka, with the real parts.
#include "delivery/runner_fixture.h"
#include "destinations/kafka/harness.h"

namespace user_events::delivery::test {
namespace {

using tests::broker;
using tests::check_complete;
using tests::check_order;
using tests::fresh_topic;
using tests::KafkaRecord;
using tests::sequence_of;

class KafkaRunner : public RunnerTest {
 protected:
  KafkaRunner() {
    const DestinationOptions kafka = tests::options_for(fresh_topic());
    options_.kind = "kafka";
    options_.topic = kafka.topic;
    options_.settings = kafka.settings;
  }

  void start_kafka() {
    const auto* kind = destinations::find_kind("kafka");
    ASSERT_NE(kind, nullptr);
    auto made = kind->make(options_);
    ASSERT_TRUE(made) << describe(made.error());
    const auto started = try_start(*std::move(made));
    ASSERT_TRUE(started) << describe(started.error());
  }

  /// In one durable write.
  void append_many(std::size_t count, std::size_t users) {
    std::vector<std::string> texts;
    texts.reserve(3 * count);
    std::vector<journal::RecordDraft> drafts(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& id = texts.emplace_back("event-" + std::to_string(++appended_));
      const std::string& key = texts.emplace_back("u-" + std::to_string(appended_ % users));
      encoding::Envelope envelope;
      envelope.id = id;
      envelope.source = "urn:test";
      envelope.type = "user.created";
      envelope.partition_key = key;
      envelope.time_ms = 1'795'510'800'000;
      envelope.data = "{}";
      std::string& payload = texts.emplace_back();
      encoding::append_payload(envelope, payload);
      drafts[i].id = id;
      drafts[i].type = "user.created";
      drafts[i].key = key;
      drafts[i].scope = "urn:test";
      drafts[i].payload = payload;
    }
    const auto receipts = journal_->append_wait(drafts);
    ASSERT_TRUE(receipts) << describe(receipts.error());
  }

  bool delivered(std::uint64_t events) {
    return eventually([&] { return runner_->stats().delivered >= events; }, milliseconds(30'000));
  }
  bool all_done() {
    return eventually([&] { return runner_->low_water() == journal_->durable_sequence(); },
                      milliseconds(60'000));
  }

  std::size_t appended_ = 0;
};

TEST_F(KafkaRunner, DeliversOnceAndInOrderWhileTheBrokerIsKilledAndTheRunnerStopped) {
  broker().create_topic(options_.topic, 3);
  append_many(20'000, 200);
  start_kafka();
  ASSERT_TRUE(delivered(2'000));
  broker().kill();
  append_many(20'000, 200);
  broker().start();
  ASSERT_TRUE(delivered(25'000));
  stop(milliseconds(0));
  append_many(20'000, 200);
  start_kafka();
  ASSERT_TRUE(all_done()) << runner_->stats().health.detail;
  EXPECT_EQ(check_complete(broker().read_all(options_.topic), 60'000), "");
}

TEST_F(KafkaRunner, WhatWasSentAfterTheLastSavedPositionIsNotSentAgain) {
  broker().create_topic(options_.topic, 3);
  start_kafka();
  ASSERT_TRUE(eventually([&] { return runner_->stats().health.state == destinations::HealthState::up; }));
  ASSERT_TRUE(eventually([&] { return !state_->position("d")->value().resume.empty(); }))
      << "saved before anything was sent";
  const auto before = state_->position("d")->value();
  append_many(10'000, 100);
  ASSERT_TRUE(all_done());
  stop();
  ASSERT_TRUE(state_->save_position("d", before)) << "as if the process had been killed";
  append_many(100, 100);
  start_kafka();
  ASSERT_TRUE(all_done());
  EXPECT_EQ(runner_->stats().sent, 100u);
  EXPECT_EQ(check_complete(broker().read_all(options_.topic), 10'100), "");
}

TEST_F(KafkaRunner, AnEventThatIsTooLargeBecomesADeadLetterAndItsUsersLaterEventsWaitBehindIt) {
  broker().create_topic(options_.topic, 1, {{"max.message.bytes", "10000"}});
  append("poison", "user.created", 20'000);
  append("poison");
  append("poison");
  append("other");
  start_kafka();
  ASSERT_TRUE(all_done());
  const auto records = broker().read_all(options_.topic);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].key, "other");
  const auto letters = this->letters();
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0].state, DeadLetterState::dead);
  EXPECT_NE(letters[0].reason.find("max.message.bytes"), std::string::npos);
  EXPECT_EQ(letters[1].state, DeadLetterState::held);
}

}  // namespace
}  // namespace user_events::delivery::test
