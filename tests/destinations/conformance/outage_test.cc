// A broker that is away, dies, stands still or is slow, and connections that end in the middle.
#include <atomic>
#include <thread>

#include "conformance.h"

namespace user_events::tests::conformance {
namespace {

TEST_P(WithRestart, ABrokerThatIsAwayAtStartIsWaitedFor) {
  use(broker_under_test_.fresh());
  broker_under_test_.stop();
  publish(200);
  start_delivery();
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::down); }));
  EXPECT_FALSE(health().detail.empty());
  EXPECT_EQ(watch_.count(Outcome::accepted), 0u);
  broker_under_test_.start();
  expect_drained();
  expect_arrived();
  expect_no_secret();
}

TEST_P(WithRestart, ABrokerThatRestartsUnderLoadGetsTheRestInOrderAndTheOutageIsNobodysFault) {
  options_.retry.attempts = 3;
  use(broker_under_test_.fresh());
  start_delivery();
  publish(2'000);
  ASSERT_TRUE(in_the_end([&] { return watch_.count(Outcome::accepted) > 100; })) << health().detail;
  broker_under_test_.stop();
  publish(2'000);
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::down); }));
  broker_under_test_.start();
  expect_drained();
  EXPECT_TRUE(in_the_end([&] { return is_in_state(HealthState::up); })) << health().detail;
  expect_arrived();
  expect_no_dead_letters();
}

TEST_P(WithRestart, AnIdleDestinationNoticesThatTheBrokerIsGoneAndBack) {
  use(broker_under_test_.fresh());
  start_delivery();
  publish(10);
  expect_drained();
  broker_under_test_.stop();
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::down); }));
  broker_under_test_.start();
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::up); })) << health().detail;
}

TEST_P(WithKill, ABrokerKilledAmongItsAcknowledgementsLosesNothingAndGetsTheSameAgain) {
  use(broker_under_test_.fresh());
  start_delivery();
  for (int round = 0; round < 3; ++round) {
    publish(3'000);
    const auto before = watch_.count(Outcome::accepted);
    ASSERT_TRUE(in_the_end([&] { return watch_.count(Outcome::accepted) > before + 100; })) << health().detail;
    broker_under_test_.kill();
    broker_under_test_.start();
  }
  expect_drained();
  expect_arrived();
  expect_no_dead_letters();
}

TEST_P(WithCut, AnAcknowledgementThatIsLostIsAskedForAgainWithTheSameIdAndBytes) {
  use(broker_under_test_.through_proxy(broker_under_test_.fresh()));
  auto& proxy = broker_under_test_.proxy();
  proxy.pass();
  start_delivery();
  publish(300);
  expect_drained();
  const auto swallowed = proxy.swallowed();
  proxy.swallow();
  publish(300);
  ASSERT_TRUE(in_the_end([&] { return watch_.in_flight() > 0 && proxy.swallowed() > swallowed; })) << health().detail;
  proxy.cut();
  const auto made = destinations::find_kind(options_.kind)->make(options_);
  // Who can ask the broker what it has need not be in doubt.
  EXPECT_TRUE((*made)->features().reconciles || in_the_end([&] { return watch_.count(Outcome::in_doubt) > 0; }));
  proxy.pass();
  expect_drained();
  expect_arrived();
  expect_no_dead_letters();
}

TEST_P(WithCut, ConnectionsThatAreResetAgainAndAgainLoseAndReorderNothing) {
  options_.retry.attempts = 100;
  use(broker_under_test_.through_proxy(broker_under_test_.fresh()));
  auto& proxy = broker_under_test_.proxy();
  proxy.pass();
  start_delivery();
  for (int round = 0; round < 5; ++round) {
    const auto before = watch_.taken();
    publish(500);
    ASSERT_TRUE(in_the_end([&] { return watch_.taken() > before; })) << health().detail;
    proxy.cut();
    proxy.pass();
  }
  expect_drained();
  expect_arrived();
  expect_no_dead_letters();
}

TEST_P(WithPause, ABrokerThatStandsStillPastEveryTimeOutGetsEverythingWhenItGoesOn) {
  use(broker_under_test_.impatient(broker_under_test_.fresh()));
  start_delivery();
  publish(200);
  expect_drained();
  broker_under_test_.pause();
  publish(500);
  const auto noticed = eventually([&] { return is_in_state(HealthState::down) || watch_.count(Outcome::in_doubt) > 0; }, milliseconds(8'000));
  broker_under_test_.resume();
  expect_drained();
  expect_arrived();
  expect_no_dead_letters();
  RecordProperty("noticed", noticed ? "yes" : "no");
}

TEST_P(WithPause, ASlowBrokerGetsEverythingInOrder) {
  use(broker_under_test_.fresh());
  start_delivery();
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::up); })) << health().detail;
  std::atomic<bool> enough{false};
  std::jthread slowness([&] {
    for (int i = 0; i < 20 && !enough; ++i) {
      broker_under_test_.pause();
      std::this_thread::sleep_for(milliseconds(150));
      broker_under_test_.resume();
      std::this_thread::sleep_for(milliseconds(30));
    }
  });
  for (int i = 0; i < 10; ++i) publish(100);
  expect_drained();
  enough = true;
  slowness.join();
  expect_arrived();
  expect_no_dead_letters();
}

TEST_P(WithPause, CloseKeepsItsDeadlineWhileTheBrokerStandsStillAndNothingIsLost) {
  use(broker_under_test_.fresh());
  start_delivery();
  publish(100);
  expect_drained();
  broker_under_test_.pause();
  publish(3'000, kUsers, 1'000);
  ASSERT_TRUE(in_the_end([&] { return watch_.in_flight() > 0; }));
  const auto before = std::chrono::steady_clock::now();
  stop(milliseconds(1'000));
  const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - before);
  broker_under_test_.resume();
  EXPECT_LT(took, milliseconds(5'000)) << "told to end within 1 s";
  start_delivery();
  expect_drained();
  expect_arrived();
  expect_no_dead_letters();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithRestart);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithKill);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithCut);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithPause);
INSTANTIATE_TEST_SUITE_P(Kinds, WithRestart, testing::ValuesIn(subjects_with(Capability::restart)), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, WithKill, testing::ValuesIn(subjects_with(Capability::kill)), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, WithCut, testing::ValuesIn(subjects_with(Capability::cut)), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, WithPause, testing::ValuesIn(subjects_with(Capability::pause)), name_of);

}  // namespace
}  // namespace user_events::tests::conformance
