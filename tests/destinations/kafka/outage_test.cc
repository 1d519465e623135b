// Brokers that are away, restarted or killed; producers that end for good.
#include <gtest/gtest.h>
#include <malloc.h>

#include "destinations/kafka/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

TEST(KafkaOutage, ABrokerThatIsDownAtStartIsWaitedFor) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  const auto options = options_for(topic);
  broker().stop();
  Loop loop(options, 500, 20);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.destination().health().state == HealthState::down; }));
  EXPECT_NE(loop.destination().health().detail.find("bootstrap.servers"), std::string::npos)
      << loop.destination().health().detail;
  EXPECT_EQ(loop.sent(), 0u);
  broker().start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().read_all(topic), 500), "");
}

TEST(KafkaOutage, AGracefulRestartUnderLoadLosesAndReordersNothing) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic), 30'000, 100);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 1'000; }));
  broker().stop();
  loop.step(500ms);
  broker().start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().read_all(topic), 30'000), "");
}

TEST(KafkaOutage, AKilledBrokerUnderLoadLosesAndReordersNothing) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic), 60'000, 100);
  loop.start();
  for (const std::uint64_t milestone : {1'000u, 20'000u, 40'000u}) {
    ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > milestone; }));
    broker().kill();
    loop.step(200ms);
    broker().start();
  }
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().read_all(topic), 60'000), "");
}

TEST(KafkaOutage, EventsWaitWhileTheBrokerIsGoneAndHealthSaysSo) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic), 30'000, 20);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 0; }));
  broker().stop();
  ASSERT_TRUE(loop.run_until([&] { return loop.destination().health().state == HealthState::down; }));
  EXPECT_NE(loop.destination().health().detail, "");
  const auto gone_until = std::chrono::steady_clock::now() + 5s;
  ASSERT_TRUE(loop.run_until([&] { return std::chrono::steady_clock::now() > gone_until; }));
  EXPECT_TRUE(loop.refused().empty());
  broker().start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.destination().health().state, HealthState::up);
  EXPECT_EQ(check_complete(broker().read_all(topic), 30'000), "");
}

TEST(KafkaOutage, AnIdleDestinationNoticesThatTheBrokerIsBack) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 1);
  Loop loop(options_for(topic), 10);
  loop.start();
  ASSERT_TRUE(loop.run());
  broker().stop();
  ASSERT_TRUE(loop.run_until([&] { return loop.destination().health().state == HealthState::down; }));
  broker().start();
  ASSERT_TRUE(loop.wait_up());
}

TEST(KafkaOutage, AFatalProducerErrorIsAnOrdinaryTransition) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic), 40'000, 100);
  loop.start();
  for (const std::uint64_t milestone : {1'000u, 15'000u, 30'000u}) {
    ASSERT_TRUE(loop.run_until(
        [&] { return loop.accepted() > milestone && loop.destination().client_for_test() != nullptr; }));
    loop.step(0ms);  // so that some are under way
    if (loop.destination().client_for_test() == nullptr) continue;
    ASSERT_EQ(rd_kafka_test_fatal_error(loop.destination().client_for_test(),
                                        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "made by a test"),
              RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  ASSERT_TRUE(loop.run());
  EXPECT_FALSE(loop.failures().empty());
  EXPECT_EQ(check_complete(broker().read_all(topic), 40'000), "");
}

/// Each producer delivers one event and fails then.
void make_producers_fail(Loop& loop, int times) {
  for (int n = 0; n < times; ++n) {
    loop.add();
    ASSERT_TRUE(loop.run());
    ASSERT_EQ(rd_kafka_test_fatal_error(loop.destination().client_for_test(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "made by a test"),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_TRUE(loop.run_until([&] { return loop.destination().client_for_test() == nullptr; }));
  }
}

std::size_t allocated_bytes() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(KafkaOutage, ProducersThatAreMadeAnewLeaveNoMemoryBehind) {
  constexpr int kWarmUp = 5, kProducers = 25;
  constexpr std::size_t kMostBytesEach = 4'096;
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic, {{"settle", "10ms"}}), 0);
  loop.start();
  make_producers_fail(loop, kWarmUp);
  const std::size_t before = allocated_bytes();
  make_producers_fail(loop, kProducers);
  EXPECT_LE(allocated_bytes(), before + kProducers * kMostBytesEach);
}

TEST(KafkaOutage, CloseWhileTheBrokerIsAwayKeepsItsDeadline) {
  const std::string topic = fresh_topic();
  broker().create_topic(topic, 3);
  Loop loop(options_for(topic), 2'000, 20);
  loop.start();
  ASSERT_TRUE(loop.wait_up());
  broker().stop();
  loop.step(0ms);
  ASSERT_EQ(loop.sent(), 2'000u);
  const auto before = std::chrono::steady_clock::now();
  loop.close(1s);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2'500ms);
  EXPECT_EQ(loop.in_flight(), 0u) << "every send has its report";
  EXPECT_GE(loop.failures().size(), 1u);
  loop.vanish();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 6s);
}

}  // namespace
}  // namespace user_events::tests
