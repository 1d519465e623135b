// On an ElasticMQ that is away, comes back, stands still.
#include <filesystem>
#include <thread>

#include "destinations/aws/support.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

std::map<std::string, std::string> impatient() { return {{"request_timeout", "700ms"}, {"connect_timeout", "500ms"}}; }

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}
std::size_t threads() { return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {})); }

class SqsOutage : public ::testing::Test {
 protected:
  SqsOutage() { queue_ = elasticmq().create_queue(fresh_name(".fifo")); }
  std::string queue_;
};

TEST_F(SqsOutage, AServiceThatIsAwayAtTheStartIsWaitedForAndNothingCountsAsAnAttempt) {
  AwsEmulator& emulator = elasticmq();
  emulator.stop();
  Driver driver(sqs_options(queue_), 50, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_EQ(driver.in_flight(), 0u) << "it is busy while it is down";
  emulator.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 50u);
  EXPECT_EQ(driver.count(Outcome::unavailable) + driver.count(Outcome::retry) + driver.count(Outcome::in_doubt), 0u);
  EXPECT_EQ(check_arrivals(arrivals_of(emulator.receive(queue_, 50)), 50, 10, false), "");
}

TEST_F(SqsOutage, ARestartUnderLoadLosesNothingAndKeepsOrder) {
  AwsEmulator& emulator = elasticmq();
  constexpr std::uint64_t kCount = 1'500, kUsers = 100;
  Driver driver(sqs_options(queue_, {{"request_timeout", "5s"}}), kCount, kUsers);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() >= 500; }));
  std::jthread stopping([&] { emulator.stop(); });  // it waits for the requests that it has
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  stopping.join();
  emulator.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), kCount);
  EXPECT_EQ(driver.count(Outcome::refused), 0u);
  const auto messages = emulator.receive(queue_, 2 * kCount);
  EXPECT_EQ(check_arrivals(arrivals_of(messages), kCount, kUsers, true), "") << messages.size() << " received";
}

TEST_F(SqsOutage, WhatWasSentToAServiceThatStandsStillIsInDoubtAndDeduplicated) {
  AwsEmulator& emulator = elasticmq();
  Driver driver(sqs_options(queue_, impatient()), 1'000, 200);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() >= 100; }));
  emulator.pause();
  const bool went_down = driver.wait_for(HealthState::down);
  const bool handed_back = driver.run_until([&] { return driver.in_flight() == 0; });
  emulator.resume();
  ASSERT_TRUE(went_down && handed_back);
  EXPECT_GT(driver.count(Outcome::in_doubt), 0u);
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(check_arrivals(arrivals_of(emulator.receive(queue_, 1'100)), 1'000, 200, false), "");
}

TEST_F(SqsOutage, CloseReturnsInTimeWhileTheServiceStandsStillAndReportsEverything) {
  AwsEmulator& emulator = elasticmq();
  const std::size_t descriptors = open_descriptors(), tasks = threads();
  {
    Driver driver(sqs_options(queue_, {{"request_timeout", "300s"}}), 1'000, 500);
    driver.start();
    ASSERT_TRUE(driver.run_until([&] { return driver.accepted() >= 100; }));
    emulator.pause();
    for (int i = 0; i < 10; ++i) driver.step(10ms);
    const auto under_way = driver.in_flight();
    const auto before = std::chrono::steady_clock::now();
    driver.close(500ms);
    const auto took = std::chrono::steady_clock::now() - before;
    emulator.resume();
    EXPECT_GT(under_way, 0u);
    EXPECT_EQ(driver.in_flight(), 0u);
    EXPECT_GT(driver.count(Outcome::in_doubt), 0u);
    EXPECT_LT(took, 5s) << "far from the 300 s that a request may take";
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(threads(), tasks);
}

TEST_F(SqsOutage, CloseSendsWhatStillWaits) {
  Driver driver(sqs_options(queue_, {{"linger", "1s"}}), 5, 5);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::up));
  driver.step(0ms);
  driver.close(10s);
  EXPECT_EQ(driver.accepted(), 5u);
  EXPECT_EQ(elasticmq().receive(queue_, 5).size(), 5u);
}

TEST_F(SqsOutage, ADestinationCanStartAgainAfterClose) {
  Driver driver(sqs_options(queue_), 200, 20);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() >= 50; }));
  driver.close(10s);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(check_arrivals(arrivals_of(elasticmq().receive(queue_, 200)), 200, 20, false), "");
}

TEST_F(SqsOutage, AQueueThatIsDeletedIsWaitedForUntilItIsThereAgain) {
  AwsEmulator& emulator = elasticmq();
  const std::string name = fresh_name(".fifo"), queue = emulator.create_queue(name);
  Driver driver(sqs_options(queue), 500, 50);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() >= 50; }));
  emulator.delete_queue(queue);
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("QueueDoesNotExist"), std::string::npos) << driver.detail();
  emulator.create_queue(name);
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 500u);
  EXPECT_EQ(driver.count(Outcome::refused) + driver.count(Outcome::retry), 0u);
}

}  // namespace
}  // namespace user_events::tests
