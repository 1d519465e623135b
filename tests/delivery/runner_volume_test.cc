// A runner with volume rules.
#include "runner_fixture.h"

namespace user_events::delivery::test {
namespace {

using Sequences = std::vector<std::uint64_t>;

TEST_F(RunnerTest, WhatALimitLeavesOutCountsAsFiltered) {
  options_.volume = {"user.login.failed limit=1 per=24h"};
  append_batch({"u1", "u1", "u2"}, "user.login.failed");
  append("u1");
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 3, 4}));
  EXPECT_EQ(runner_->stats().dropped, 1u);
  EXPECT_EQ(runner_->progress_state(1), "delivered");
  EXPECT_EQ(runner_->progress_state(2), "filtered");
}

TEST_F(RunnerTest, AFoldGoesOutForAllAndItsUsersLaterEventsAfterIt) {
  options_.volume = {"user.login.failed fold=100ms"};
  append_batch({"u1", "u1", "u1"}, "user.login.failed");
  append("u2");
  append("u1");
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{4, 1, 5}));
  EXPECT_EQ(broker_.deliveries()[1].folded, 3u);
  EXPECT_EQ(broker_.deliveries()[2].folded, 0u);
  EXPECT_EQ(runner_->stats().folded, 2u);
}

TEST_F(RunnerTest, AnOpenFoldKeepsNobodyFromStoppingAndIsTheSameAfterARestart) {
  options_.volume = {"user.login.failed fold=24h"};
  append_batch({"u1", "u1"}, "user.login.failed");
  const auto last = append("u2");
  start();
  ASSERT_TRUE(eventually([&] { return runner_->is_done(last); }));
  restart();
  append("u1", "user.login.failed");
  ASSERT_TRUE(eventually([&] { return runner_->stats().folded == 2; })) << "the two that joined are read again";
  EXPECT_EQ(broker_.sequences(), (Sequences{last}));
  EXPECT_EQ(runner_->low_water(), 0u);
}

TEST_F(RunnerTest, WhenTheWindowIsFullFoldsGoOutEarly) {
  options_.volume = {"user.login.failed fold=24h"};
  options_.window_events = 8;
  for (int i = 0; i < 3; ++i) append_batch({"u1", "u1", "u1", "u1", "u1", "u1", "u1", "u1"}, "user.login.failed");
  start();
  expect_all_done();
  std::uint32_t events = 0;
  for (const auto& one : broker_.deliveries()) events += std::max(one.folded, 1u);
  EXPECT_EQ(events, 24u);
  EXPECT_LT(broker_.deliveries().size(), 24u);
}

TEST_F(RunnerTest, WhatCannotJoinAFoldThatIsDoneCarriesTheNext) {
  options_.volume = {"user.login.failed fold=24h"};
  options_.window_events = 4;
  append_batch({"u1", "u1", "u1", "u1"}, "user.login.failed");
  start();
  expect_all_done();  // the window was full: sent early
  append_batch({"u1", "u1", "u1", "u1"}, "user.login.failed");
  expect_all_done();
  std::uint32_t events = 0;
  for (const auto& one : broker_.deliveries()) events += std::max(one.folded, 1u);
  EXPECT_EQ(events, 8u);
}

/// The system's clock, set back by an hour.
class LateClock final : public ports::Clock {
 public:
  [[nodiscard]] ports::WallTime wall() const noexcept override { return ports::system_clock().wall() - std::chrono::hours(1); }
  [[nodiscard]] ports::SteadyTime steady() const noexcept override { return ports::system_clock().steady(); }
};

TEST_F(RunnerTest, AWallClockThatWasSetBackDoesNotHoldUpAFold) {
  const LateClock clock;
  options_.volume = {"user.login.failed fold=100ms"};
  append_batch({"u1", "u1"}, "user.login.failed");
  auto started = Runner::start(options_, broker_.connect(), encoding::make_json_encoder({}), *journal_, *state_, clock);
  ASSERT_TRUE(started) << describe(started.error());
  runner_ = *std::move(started);
  expect_all_done();
  EXPECT_EQ(broker_.deliveries().at(0).folded, 2u);
  runner_.reset();
}

TEST_F(RunnerTest, AFoldBehindADeadLetterIsHeldWithItsNumberAndLosesNobody) {
  options_.volume = {"user.login.failed fold=200ms"};
  std::atomic<bool> repaired = false;
  broker_.decide = [&](const auto& one) { return one.sequence == 1 && !repaired ? Outcome::refused : Outcome::accepted; };
  append("u1");
  append_batch({"u1", "u1", "u1"}, "user.login.failed");
  start();
  expect_all_done();
  const auto stored = letters();
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_NE(stored[1].reason.find("stands for 3 events"), std::string::npos) << stored[1].reason;
  restart();
  repaired = true;
  ASSERT_TRUE(*runner_->replay_letters({}, {}));
  ASSERT_TRUE(eventually([&] { return letters().empty(); }));
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2}));
  EXPECT_EQ(broker_.deliveries()[0].folded, 0u);
  EXPECT_EQ(broker_.deliveries()[1].folded, 3u) << "it stands for them still";
}

}  // namespace
}  // namespace user_events::delivery::test
