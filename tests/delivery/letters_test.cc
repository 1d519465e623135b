// Dead letters of a runner with a real journal and a real store: replay, discard, parking, pausing, going back.
#include <algorithm>
#include <atomic>
#include <future>
#include <set>

#include "forwarding_state.h"
#include "runner_fixture.h"

namespace user_events::delivery::test {
namespace {

using Sequences = std::vector<std::uint64_t>;

class LettersTest : public RunnerTest {
 protected:
  /// Everything of sequences in `bad` is refused while it is in there.
  void refuse(std::set<std::uint64_t> bad) {
    bad_ = std::move(bad);
    broker_.decide = [this](const auto& one) {
      std::lock_guard lock(bad_mutex_);
      return one.target.empty() && bad_.contains(one.sequence) ? Outcome::refused : Outcome::accepted;
    };
  }
  void heal() {
    std::lock_guard lock(bad_mutex_);
    bad_.clear();
  }
  std::uint64_t replay_all(const ReplayOptions& options = {}) {
    const auto replay = runner_->replay_letters({}, options);
    EXPECT_TRUE(replay) << describe(replay.error());
    EXPECT_TRUE(*replay);
    return replay && *replay ? (*replay)->number : 0;
  }
  bool store_is_empty() {
    return eventually([&] { return letters().empty(); });
  }
  DeadLetterReplay replay(std::uint64_t number) { return state_->replays(number)->front(); }

  std::mutex bad_mutex_;
  std::set<std::uint64_t> bad_;
};

TEST_F(LettersTest, AReplaySendsTheDeadOneThenWhatWaitsThenWhatComesInOrder) {
  refuse({1});
  for (const char* key : {"u1", "u1", "other", "u1"}) append(key);
  start();
  expect_all_done();
  heal();
  const auto number = replay_all();
  ASSERT_TRUE(store_is_empty());
  append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{3, 1, 2, 4, 5}));
  EXPECT_EQ(broker_.deliveries()[1].replay, 1u);
  EXPECT_EQ(broker_.deliveries()[2].replay, 0u) << "it was never sent before";
  EXPECT_EQ(replay(number).state, "done");
  EXPECT_EQ(replay(number).delivered, 3u);
  EXPECT_EQ(runner_->progress_state(1), "delivered");
}

TEST_F(LettersTest, EventsThatArriveWhileALineIsSentStayBehindIt) {
  refuse({1});
  append("u1");
  start();
  expect_all_done();
  heal();
  (void)replay_all();
  for (int i = 0; i < 200; ++i) append("u1");
  expect_all_done();
  ASSERT_TRUE(store_is_empty());
  const auto order = broker_.sequences();
  ASSERT_EQ(order.size(), 201u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(LettersTest, AReplayThatFailsAgainStaysADeadLetterAndHoldsItsUser) {
  refuse({1});
  append("u1");
  append("u1");
  start();
  expect_all_done();
  const auto number = replay_all();
  ASSERT_TRUE(eventually([&] { return replay(number).state == "done"; }));
  EXPECT_EQ(replay(number).dead_again, 1u);
  append("u1");
  expect_all_done();
  EXPECT_TRUE(broker_.sequences().empty());
  EXPECT_EQ(letters().front().state, DeadLetterState::dead);
  EXPECT_EQ(letters().front().replays, 1u);
  heal();
  (void)replay_all();
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2, 3}));
  EXPECT_EQ(broker_.deliveries()[0].replay, 2u);
}

TEST_F(LettersTest, DiscardingTheDeadOneLetsTheOthersGo) {
  refuse({1});
  for (int i = 0; i < 3; ++i) append("u1");
  start();
  expect_all_done();
  EXPECT_EQ(*runner_->discard_letters({.numbers = {letters().front().number}}, "test data", "ada"), 1u);
  ASSERT_TRUE(store_is_empty());
  append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{2, 3, 4}));
  EXPECT_EQ(runner_->progress_state(1), "discarded");
}

TEST_F(LettersTest, DiscardingAWholeLineReleasesItsUser) {
  refuse({1});
  append("u1");
  append("u1");
  start();
  expect_all_done();
  EXPECT_EQ(*runner_->discard_letters({}, "test data", "ada"), 2u);
  append("u1");
  expect_all_done();
  ASSERT_TRUE(eventually([&] { return broker_.sequences() == Sequences{3}; }));
}

TEST_F(LettersTest, AReplayGoesOnAfterARestartAndAtItsRate) {
  std::set<std::uint64_t> all;
  for (std::uint64_t i = 1; i <= 60; ++i) all.insert(i);
  refuse(all);
  for (int i = 0; i < 60; ++i) append("u" + std::to_string(i));
  start();
  expect_all_done();
  heal();
  const auto number = replay_all({.rate = 40, .requested_by = "ada"});
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return replay(number).delivered > 0; }));
  stop(milliseconds(0));
  EXPECT_GT(replay(number).remaining, 0u) << "or the restart shows nothing";
  start();
  ASSERT_TRUE(eventually([&] { return replay(number).state == "done"; }));
  EXPECT_GT(std::chrono::steady_clock::now() - begun, milliseconds(1'000)) << "60 at 40 a second";
  EXPECT_EQ(replay(number).delivered, 60u);
  EXPECT_TRUE(letters().empty());
}

TEST_F(LettersTest, ACancelledReplayLeavesTheRestDead) {
  std::set<std::uint64_t> all;
  for (std::uint64_t i = 1; i <= 20; ++i) all.insert(i);
  refuse(all);
  for (int i = 0; i < 20; ++i) append("u" + std::to_string(i));
  start();
  expect_all_done();
  heal();
  const auto number = replay_all({.rate = 1, .requested_by = {}});
  ASSERT_TRUE(runner_->cancel_replay(number));
  EXPECT_EQ(replay(number).state, "cancelled");
  for (const auto& one : letters()) EXPECT_EQ(one.state, DeadLetterState::dead);
  EXPECT_GE(letters().size(), 18u);
}

TEST_F(LettersTest, UnderSkipLaterEventsGoOnAndAReplayIsMarked) {
  options_.on_dead_letter = DeadLetterAction::skip;
  refuse({1});
  append("u1");
  append("u1");
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{2}));
  EXPECT_EQ(letters().front().state, DeadLetterState::skipped);
  restart();
  expect_all_done();
  heal();
  (void)replay_all();
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{2, 1}));
  EXPECT_EQ(broker_.deliveries().back().replay, 1u);
}

TEST_F(LettersTest, APoisonEventIsADeadLetterAfterItsAttempts) {
  options_.retry.attempts = 4;
  broker_.decide = [](const auto& one) { return one.sequence == 1 ? Outcome::retry : Outcome::accepted; };
  append("u1");
  append("u2");
  start();
  expect_all_done();
  ASSERT_EQ(letters().size(), 1u);
  EXPECT_EQ(letters().front().attempts, 4u);
  EXPECT_EQ(letters().front().reason, "given up after 4 attempts: because the test says so");
}

TEST_F(LettersTest, ADestinationThatIsDownMakesNoDeadLetters) {
  options_.retry = {.initial = milliseconds(1), .max = milliseconds(3), .attempts = 2};
  std::atomic<bool> down{true};
  broker_.decide = [&](const auto&) { return down ? Outcome::unavailable : Outcome::accepted; };
  for (int i = 0; i < 20; ++i) append("u" + std::to_string(i % 5));
  start();
  ASSERT_TRUE(eventually([&] { return broker_.attempts() > 60; }));
  EXPECT_TRUE(runner_->stats().circuit_open);
  down = false;
  expect_all_done();
  EXPECT_TRUE(letters().empty());
  EXPECT_FALSE(runner_->stats().circuit_open);
}

TEST_F(LettersTest, AUserThatFailsForLongIsParkedAndPinsNothing) {
  options_.retry.attempts = 0;
  options_.park_after = milliseconds(30);
  std::atomic<bool> failing{true};
  broker_.decide = [&](const auto& one) { return failing && one.sequence == 1 ? Outcome::retry : Outcome::accepted; };
  for (const char* key : {"u1", "u1", "other"}) append(key);
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{3}));
  EXPECT_EQ(letters().front().state, DeadLetterState::parked);
  restart();
  append("u1");
  expect_all_done();
  failing = false;
  ASSERT_TRUE(store_is_empty());
  append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{3, 1, 2, 4, 5}));
}

TEST_F(LettersTest, AtTheCapTheDestinationWaitsAndGoesOnWhenThereIsRoom) {
  options_.max_held_events = 2;
  refuse({1});
  for (int i = 0; i < 4; ++i) append("u1");
  start();
  expect_all_done();
  EXPECT_EQ(letters().size(), 4u) << "one transaction may pass it";
  append("u1");
  append("other");
  ASSERT_TRUE(eventually([&] { return runner_->is_done(6); })) << "other users go on";
  ASSERT_TRUE(eventually([&] { return runner_->stats().health.detail.find("max_held_events") != std::string::npos; }));
  EXPECT_FALSE(runner_->is_done(5));
  heal();
  (void)replay_all();
  expect_all_done();
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{6, 1, 2, 3, 4, 5}));
}

TEST_F(LettersTest, ACopyOfEachDeadLetterGoesToTheTopicThatIsSet) {
  options_.dead_letter_topic = "dead";
  refuse({1});
  append("u1");
  append("u1");
  start();
  expect_all_done();
  ASSERT_TRUE(eventually([&] { return broker_.sequences().size() == 1 && !letters().front().copy_due; }));
  const auto copy = broker_.deliveries().front();
  EXPECT_EQ(copy.sequence, 1u);
  EXPECT_EQ(copy.target, "dead");
  EXPECT_EQ(copy.cause, "because the test says so");
  EXPECT_EQ(letters().size(), 2u) << "the letter itself stays";
}

TEST_F(LettersTest, APausedDestinationSendsNothingUntilItIsResumed) {
  start();
  ASSERT_TRUE(runner_->set_paused(true));
  append("u1");
  restart();
  EXPECT_TRUE(runner_->stats().paused);
  EXPECT_TRUE(broker_.sequences().empty());
  ASSERT_TRUE(runner_->set_paused(false));
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1}));
}

TEST_F(LettersTest, GoingBackSendsAStretchAgainMarkedAndThenGoesOnUnmarked) {
  for (int i = 0; i < 4; ++i) append("u1");
  start();
  expect_all_done();
  const auto rewound = runner_->rewind(3);
  ASSERT_TRUE(rewound) << describe(rewound.error());
  EXPECT_EQ(rewound->until, 4u);
  append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2, 3, 4, 3, 4, 5}));
  std::vector<std::uint32_t> marks;
  for (const auto& one : broker_.deliveries()) marks.push_back(one.replay);
  EXPECT_EQ(marks, (std::vector<std::uint32_t>{0, 0, 0, 0, 1, 1, 0}));
  ASSERT_TRUE(runner_->rewind(5));
  stop();
  EXPECT_EQ((**state_->position("d")).replay, 2u);
  EXPECT_FALSE(state_->position("d")->value().replay_until < 5);
}

TEST_F(LettersTest, GoingBackToASequenceBeyondOneThatIsNotDoneYetDoesNotSkipIt) {
  std::atomic<bool> fails{true};
  broker_.decide = [&](const auto& one) { return one.sequence == 1 && fails ? Outcome::retry : Outcome::accepted; };
  options_.retry.attempts = 0;
  append("u1");
  for (int i = 0; i < 3; ++i) append("other");
  start();
  ASSERT_TRUE(eventually([&] { return runner_->is_done(4); }));
  ASSERT_TRUE(eventually([&] { return runner_->rewind(3).has_value(); }));
  EXPECT_EQ((**state_->position("d")).low_water, 0u);
  fails = false;
  expect_all_done();
  const auto sent = broker_.sequences();
  EXPECT_EQ(std::ranges::count(sent, 1u), 1);
  EXPECT_EQ(std::ranges::count(sent, 2u), 1) << "it was done before the place to go back to";
  EXPECT_EQ(std::ranges::count(sent, 3u), 2);
  EXPECT_EQ(std::ranges::count(sent, 4u), 2);
}

/// Else what it finds of the first time would count as sent again.
TEST_F(LettersTest, GoingBackWaitsUntilItIsKnownWhatTheDestinationHas) {
  broker_.features.reconciles = true;
  broker_.set_resume("before");
  for (int i = 0; i < 3; ++i) append("u1");
  start();
  expect_all_done();
  broker_.set_health(HealthState::reconciling);
  auto rewound = std::async(std::launch::async, [&] { return runner_->rewind(1).has_value(); });
  EXPECT_EQ(rewound.wait_for(milliseconds(200)), std::future_status::timeout);
  broker_.reconcile({{2, "event-2"}}, "after");
  ASSERT_TRUE(rewound.get());
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2, 3, 1, 2, 3}));
}

TEST_F(LettersTest, GoingBackAgainBeforeTheFirstTimeIsThroughKeepsTheMarkOfWhatIsLeft) {
  for (int i = 0; i < 6; ++i) append("u1");
  start();
  expect_all_done();
  broker_.set_busy(true);
  ASSERT_TRUE(runner_->rewind(2));
  ASSERT_TRUE(runner_->set_paused(true));
  restart();  // nothing was read yet
  const auto again = runner_->rewind(1);
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_EQ(again->until, 6u);
  broker_.set_busy(false);
  ASSERT_TRUE(runner_->set_paused(false));
  expect_all_done();
  const auto all = broker_.deliveries();
  ASSERT_EQ(all.size(), 12u);
  for (std::size_t i = 6; i < 12; ++i) EXPECT_EQ(all[i].replay, 2u) << all[i].sequence;
}

TEST_F(LettersTest, ACommandDoesNotForgetALineWhoseNextEventIsOnItsWayIntoTheStore) {
  options_.max_held_events = 1;
  refuse({1});
  append("u1");
  start();
  expect_all_done();
  append("u1");
  ASSERT_TRUE(eventually([&] { return !runner_->stats().health.detail.empty(); })) << "2 waits for room";
  heal();
  const auto number = replay_all();
  ASSERT_TRUE(eventually([&] { return broker_.sequences().size() == 1 && letters().empty(); }));
  ASSERT_TRUE(runner_->cancel_replay(number));
  expect_all_done();
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2}));
}

TEST_F(LettersTest, ALineThatCameAgainByGoingBackIsReplayedAlsoAtTheCap) {
  options_.max_held_events = 2;
  refuse({2});
  for (int i = 0; i < 3; ++i) append("u1");
  start();
  expect_all_done();
  ASSERT_EQ(letters().size(), 2u);
  ASSERT_TRUE(runner_->rewind(1));
  expect_all_done();
  heal();
  (void)replay_all();
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 1, 2, 3}));
}

TEST_F(LettersTest, GoingBackIsDurableBeforeAnythingIsSentAgain) {
  for (int i = 0; i < 3; ++i) append("u1");
  start();
  expect_all_done();
  broker_.set_busy(true);
  ASSERT_TRUE(runner_->rewind(2));
  stop(milliseconds(0));
  broker_.set_busy(false);
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2, 3, 2, 3}));
  EXPECT_EQ(broker_.deliveries().back().replay, 1u);
  EXPECT_EQ(runner_->rewind(99).error().kind, ErrorKind::invalid);
}

TEST_F(LettersTest, GoingBackDoesNotSendWhatIsADeadLetter) {
  refuse({2});
  for (const char* key : {"u1", "u2", "u2", "u1"}) append(key);
  start();
  expect_all_done();
  heal();
  ASSERT_TRUE(runner_->rewind(1));
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 4, 1, 4}));
  EXPECT_EQ(letters().size(), 2u);
}

TEST_F(LettersTest, WhatIsAskedOfADestinationThatDoesNotAnswerChangesNothingInTheEnd) {
  refuse({1});
  append("u1");
  start();
  expect_all_done();
  broker_.set_silent(true);
  heal();
  (void)replay_all();
  ASSERT_TRUE(eventually([&] { return runner_->stats().in_flight == 1; }));
  const auto discarded = runner_->discard_letters({}, "test data", "ada");
  ASSERT_FALSE(discarded);
  EXPECT_EQ(discarded.error().code, "destination-occupied");
  EXPECT_EQ(letters().size(), 1u);
  broker_.set_silent(false);
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{1}));
}

/// Ends of letters cannot be made durable while `full`.
class UnsettledState final : public ForwardingState {
 public:
  using ForwardingState::ForwardingState;
  std::atomic<bool> full{false};
  std::atomic<int> tried{0};
  Result<void> settle(std::string_view d, std::span<const state::LetterEnd> e, std::int64_t now) override {
    if (full) {
      ++tried;
      return fail(ErrorKind::full, "state-full", "no room");
    }
    return ForwardingState::settle(d, e, now);
  }
};

TEST_F(LettersTest, AfterACrashALetterWaitsForAnOlderEventThatTheJournalStillHas) {
  start();
  stop();  // a position before the first event
  append("u1");
  append("u1");
  // As it is when the first was in flight at the crash, and the letter that both were behind is gone.
  const auto chunk = journal_->reader(1).next();
  ASSERT_TRUE(chunk && chunk->size() == 1) << "the second event";
  state::Letter second;
  second.state = DeadLetterState::held;
  second.journal_id = journal_->id();
  second.sequence = 2;
  second.id = (*chunk)[0].id;
  second.type = (*chunk)[0].type;
  second.key = "u1";
  second.payload = (*chunk)[0].payload;
  ASSERT_TRUE(state_->store_letters("d", {second}));
  start();
  expect_all_done();
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2}));
}

TEST_F(LettersTest, NothingBehindALetterGoesBeforeItsEndIsDurable) {
  UnsettledState state(*state_);
  refuse({1});
  append("u1");
  append("u1");
  auto started = Runner::start(options_, broker_.connect(), encoding::make_json_encoder({}), *journal_, state, ports::system_clock());
  ASSERT_TRUE(started) << describe(started.error());
  runner_ = *std::move(started);
  expect_all_done();
  heal();
  state.full = true;
  (void)replay_all();
  ASSERT_TRUE(eventually([&] { return state.tried > 0; }));
  EXPECT_EQ(broker_.sequences(), (Sequences{1}));
  EXPECT_EQ(letters().size(), 2u) << "deleted only once it is durable that it arrived";
  state.full = false;
  ASSERT_TRUE(store_is_empty());
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2}));
  runner_.reset();
}

}  // namespace
}  // namespace user_events::delivery::test
