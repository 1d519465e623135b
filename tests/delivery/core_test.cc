#include "delivery/core.h"

#include <gtest/gtest.h>

namespace user_events::delivery {
namespace {

using std::chrono::milliseconds;
using Outcome = destinations::Outcome;

/// One core with a clock that only moves when told to.
class CoreTest : public ::testing::Test {
 protected:
  Core& make(bool pipeline, CorePosition position = {}, std::uint32_t window = 64, RetryOptions retry = {}) {
    CoreOptions options;
    options.window_events = window;
    options.max_in_flight = 16;
    options.ordered_pipeline = pipeline;
    options.retry = retry;
    options.park_after = park_after_;
    core_ = std::make_unique<Core>(options, position);
    return *core_;
  }
  void offer(std::initializer_list<std::uint64_t> keys) {
    for (const auto key : keys) core_->offer(core_->next_offer(), key);
  }
  /// Everything the core wants to do now, as text: `send 1`, `dead 2`, `hold 3`.
  std::vector<std::string> actions() {
    std::vector<std::string> all;
    while (const auto action = core_->next_action(now_)) {
      const char* name = action->kind == ActionKind::send   ? "send "
                         : action->kind == ActionKind::hold ? "hold "
                         : action->kind == ActionKind::park ? "park "
                                                            : "dead ";
      all.push_back(name + std::to_string(action->sequence));
    }
    return all;
  }
  void result(std::uint64_t sequence, Outcome outcome) { core_->result(sequence, outcome, now_); }
  void wait_backoff() { now_ += std::chrono::minutes(1); }

  using Actions = std::vector<std::string>;
  std::unique_ptr<Core> core_;
  Time now_{};
  std::chrono::nanoseconds park_after_ = std::chrono::hours(100);
};

TEST_F(CoreTest, OneAtATimeSendsTheNextOfAKeyOnlyAfterTheFirstIsAccepted) {
  auto& core = make(false);
  offer({1, 1, 2});
  EXPECT_EQ(actions(), (Actions{"send 1", "send 3"}));
  result(1, Outcome::accepted);
  EXPECT_EQ(actions(), (Actions{"send 2"}));
  EXPECT_EQ(core.low_water(), 1u);
}

TEST_F(CoreTest, APipelineSendsSeveralOfAKeyInOrder) {
  make(true);
  offer({1, 1, 1});
  EXPECT_EQ(actions(), (Actions{"send 1", "send 2", "send 3"}));
}

TEST_F(CoreTest, TheLowWaterMarkPassesOnlyWhatIsDone) {
  auto& core = make(true);
  offer({1, 2, 3});
  actions();
  result(2, Outcome::accepted);
  result(3, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 0u);
  EXPECT_EQ(core.position().acknowledged, (Ranges{{2, 4}}));
  result(1, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 3u);
  EXPECT_TRUE(core.position().acknowledged.empty());
}

TEST_F(CoreTest, AFailedEventOfAPipelineBlocksItsKeyUntilItIsResolved) {
  make(true);
  offer({1, 1, 2});
  actions();
  result(1, Outcome::retry);
  offer({1, 2});
  EXPECT_EQ(actions(), (Actions{"send 5"})) << "2 of key 1 is still in flight, 4 waits behind 1";
  result(2, Outcome::retry);
  EXPECT_EQ(actions(), Actions{}) << "still in back-off";
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"send 1"})) << "alone, until it is known that it passes";
  result(1, Outcome::accepted);
  EXPECT_EQ(actions(), (Actions{"send 2", "send 4"}));
}

TEST_F(CoreTest, InDoubtIsSentAgainBeforeAnyLaterEventOfItsKey) {
  make(true);
  offer({1, 1});
  EXPECT_EQ(actions(), (Actions{"send 1", "send 2"}));
  result(1, Outcome::in_doubt);
  wait_backoff();
  EXPECT_EQ(actions(), Actions{}) << "2 is in flight: its own report decides about it first";
  result(2, Outcome::in_doubt);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"send 1"}));
}

TEST_F(CoreTest, ARefusedEventIsADeadLetterAndHoldsItsKeyOnly) {
  auto& core = make(true);
  offer({1, 2, 1, 2});
  EXPECT_EQ(core.next_action(now_)->sequence, 1u);
  result(1, Outcome::refused);
  EXPECT_EQ(actions(), (Actions{"dead 1", "hold 3", "send 2", "send 4"}));
  offer({1, 2});
  EXPECT_EQ(actions(), (Actions{"hold 5", "send 6"}));
  for (const auto sequence : {2u, 4u, 6u}) result(sequence, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 0u) << "not durable in the store yet";
  core.stored(1);
  core.stored(3);
  core.stored(5);
  EXPECT_EQ(core.low_water(), 6u);
  offer({1});
  EXPECT_EQ(actions(), (Actions{"hold 7"})) << "the key stays held";
}

TEST_F(CoreTest, WhatWasInFlightBehindARefusedEventIsResolvedByItsOwnReport) {
  auto& core = make(true);
  offer({1, 1, 1});
  actions();
  result(1, Outcome::refused);
  EXPECT_EQ(actions(), (Actions{"dead 1"}));
  result(2, Outcome::accepted);
  result(3, Outcome::in_doubt);
  EXPECT_EQ(actions(), (Actions{"hold 3"})) << "never sent again: it waits behind the dead letter";
  core.stored(1);
  core.stored(3);
  EXPECT_EQ(core.low_water(), 3u);
}

TEST_F(CoreTest, AnEventBeforeARefusedOneStillGoesOut) {
  auto& core = make(true);
  offer({1, 1, 1});
  actions();
  result(2, Outcome::refused);
  result(1, Outcome::retry);
  result(3, Outcome::retry);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"send 1", "dead 2", "hold 3"}));
  core.stored(2);
  core.stored(3);
  EXPECT_EQ(core.low_water(), 0u);
  result(1, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 3u);
}

TEST_F(CoreTest, AHeldKeyFromTheStoreIsHeldFromTheFirstEventUntilReleased) {
  auto& core = make(false);
  core.hold_key(1, 0);
  offer({1, 2});
  EXPECT_EQ(actions(), (Actions{"hold 1", "send 2"}));
  core.stored(1);
  offer({1});
  EXPECT_TRUE(core.release_key(1));
  EXPECT_EQ(actions(), (Actions{"send 3"}));
}

TEST_F(CoreTest, ALetterPassesNothingOlderOfItsKeyNotEvenWhatWasNotOfferedYet) {
  auto& core = make(true);
  offer({2});
  EXPECT_TRUE(core.may_pass(1, 2)) << "the next one";
  EXPECT_FALSE(core.may_pass(1, 3)) << "the second event may be of this key";
  offer({1});
  EXPECT_FALSE(core.may_pass(1, 3));
  EXPECT_TRUE(core.may_pass(7, 3));
  EXPECT_EQ(actions(), (Actions{"send 1", "send 2"}));
  result(2, Outcome::accepted);
  EXPECT_TRUE(core.may_pass(1, 3));
}

TEST_F(CoreTest, AnUnsentEventComesAgainFirstAndWithoutAnAttemptCounted) {
  auto& core = make(true);
  offer({1, 1, 2});
  const auto first = core.next_action(now_);
  core.unsent(first->sequence);
  EXPECT_EQ(core.in_flight(), 0u);
  const auto again = core.next_action(now_);
  EXPECT_EQ(again->sequence, 1u);
  EXPECT_EQ(actions(), (Actions{"send 3", "send 2"}));
}

TEST_F(CoreTest, AcknowledgementsForEventsNotYetOfferedAreKept) {
  auto& core = make(true, {10, {}});
  result(12, Outcome::accepted);
  result(14, Outcome::retry);
  result(14, Outcome::in_doubt);
  EXPECT_EQ(core.position().acknowledged, (Ranges{{12, 13}}));
  offer({1, 1, 1, 1});
  EXPECT_EQ(actions(), (Actions{"send 11", "send 13", "send 14"}));
  result(11, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 12u);
}

TEST_F(CoreTest, ASavedPositionIsNotSentAgain) {
  auto& core = make(true, {10, {{12, 14}, {15, 16}}});
  EXPECT_EQ(core.next_offer(), 11u);
  offer({1, 1, 1, 1, 1, 1});
  EXPECT_EQ(actions(), (Actions{"send 11", "send 14", "send 16"}));
  EXPECT_EQ(core.position().acknowledged, (Ranges{{12, 14}, {15, 16}}));
}

TEST_F(CoreTest, ReconciliationMarksAWaitingEventDoneAndTheRestGoesOnInOrder) {
  auto& core = make(true);
  offer({1, 1, 1, 1});
  actions();
  for (const auto sequence : {1u, 2u, 3u, 4u}) result(sequence, Outcome::in_doubt);
  result(1, Outcome::accepted);
  result(2, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 2u);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"send 3"}));
  result(3, Outcome::accepted);
  EXPECT_EQ(actions(), (Actions{"send 4"}));
}

TEST_F(CoreTest, LateAndRepeatedReportsChangeNothing) {
  auto& core = make(true);
  offer({1, 1});
  actions();
  result(1, Outcome::accepted);
  for (const auto outcome : {Outcome::accepted, Outcome::retry, Outcome::in_doubt, Outcome::refused}) result(1, outcome);
  EXPECT_EQ(core.low_water(), 1u);
  EXPECT_EQ(core.in_flight(), 1u);
  EXPECT_EQ(core.pending(), 1u);
  EXPECT_EQ(actions(), Actions{});
}

TEST_F(CoreTest, TheWindowBoundsWhatIsTaken) {
  auto& core = make(true, {}, 4);
  offer({1, 2, 3, 4});
  EXPECT_FALSE(core.wants_more());
  actions();
  result(2, Outcome::accepted);
  EXPECT_FALSE(core.wants_more());
  result(1, Outcome::accepted);
  EXPECT_TRUE(core.wants_more());
}

TEST_F(CoreTest, NoMoreThanMaxInFlightAreSentButStoringGoesOn) {
  auto& core = make(true);
  core.hold_key(99, 0);
  for (std::uint64_t key = 1; key <= 20; ++key) offer({key});
  offer({99});
  EXPECT_EQ(actions().size(), 17u) << "16 sends and one hold";
  EXPECT_EQ(core.in_flight(), 16u);
}

TEST_F(CoreTest, SkippedRecordsMoveTheMark) {
  auto& core = make(true);
  core.skip(1);
  EXPECT_EQ(core.low_water(), 1u);
  offer({1});
  core.skip(3);
  EXPECT_EQ(core.low_water(), 1u);
  EXPECT_TRUE(core.is_done(3));
  EXPECT_FALSE(core.is_done(2));
}

TEST_F(CoreTest, BackoffGrowsToItsMaximumAndIsJittered) {
  auto& core = make(false, {}, 64, {.initial = milliseconds(100), .max = milliseconds(1'000), .factor = 2.0, .attempts = 0});
  offer({1});
  Time::duration longest{0}, shortest = Time::duration::max();
  for (int attempt = 1; attempt <= 200; ++attempt) {
    ASSERT_EQ(actions(), (Actions{"send 1"}));
    result(1, Outcome::retry);
    const auto delay = *core.next_wakeup() - now_;
    const auto bound = attempt == 1 ? milliseconds(100) : attempt == 2 ? milliseconds(200) : milliseconds(1'000);
    ASSERT_LE(delay, bound);
    ASSERT_GE(delay, milliseconds(1));
    longest = std::max(longest, delay);
    shortest = std::min(shortest, delay);
    now_ = *core.next_wakeup();
  }
  EXPECT_GT(longest, milliseconds(900));
  EXPECT_LT(shortest, milliseconds(100));
}

TEST_F(CoreTest, WithALimitOfAttemptsTheLastFailureIsADeadLetter) {
  make(true, {}, 64, {.attempts = 2});
  offer({1, 1});
  actions();
  result(1, Outcome::retry);
  result(2, Outcome::retry);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"send 1"}));
  result(1, Outcome::retry);
  EXPECT_EQ(actions(), (Actions{"dead 1", "hold 2"}));
}

TEST_F(CoreTest, AnOutageOfHoursMakesNoDeadLetterAndIsProbedByOneEventAtATime) {
  auto& core = make(false, {}, 64, {.attempts = 2});
  offer({1, 2, 3});
  ASSERT_EQ(actions().size(), 3u);
  for (const auto sequence : {1u, 2u, 3u}) result(sequence, Outcome::unavailable);
  for (const Time end = now_ + std::chrono::hours(10); now_ < end;) {
    now_ = core.next_wakeup().value_or(now_ + std::chrono::seconds(1));
    const auto probe = actions();
    ASSERT_LE(probe.size(), 1u);
    if (!probe.empty()) result(std::stoull(probe[0].substr(5)), Outcome::unavailable);
  }
  wait_backoff();
  const auto probe = actions();
  ASSERT_EQ(probe.size(), 1u);
  result(std::stoull(probe[0].substr(5)), Outcome::accepted);
  EXPECT_EQ(actions().size(), 2u) << "the first that is accepted closes the circuit";
}

TEST_F(CoreTest, InDoubtCountsOnlyWhenSomethingElseWasAcceptedSince) {
  make(false, {}, 64, {.attempts = 3});
  offer({1});
  for (int alone = 0; alone < 50; ++alone) {
    ASSERT_EQ(actions(), (Actions{"send 1"}));
    result(1, Outcome::in_doubt);
    wait_backoff();
  }
  std::vector<std::string> last;
  for (int others = 0; others < 6 && last != Actions{"dead 1"}; ++others) {
    offer({2});
    for (last = actions(); !last.empty() && last != Actions{"dead 1"}; last = actions()) {
      for (const auto& one : last)
        if (const auto sequence = std::stoull(one.substr(5)); sequence == 1) result(1, Outcome::in_doubt);
        else result(sequence, Outcome::accepted);
    }
    wait_backoff();
    if (last.empty()) last = actions();
    if (last == Actions{"send 1"}) result(1, Outcome::in_doubt);
    wait_backoff();
  }
  EXPECT_EQ(last, (Actions{"dead 1"}));
}

TEST_F(CoreTest, AKeyThatFailsForLongIsParkedOnceTheDestinationWorks) {
  park_after_ = std::chrono::seconds(90);
  auto& core = make(true, {}, 64, {.attempts = 0});
  offer({1, 1, 2});
  actions();
  result(1, Outcome::retry);
  result(2, Outcome::retry);
  result(3, Outcome::accepted);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"send 1"}));
  result(1, Outcome::retry);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"park 1", "park 2"}));
  core.stored(1);
  EXPECT_FALSE(core.release_key(1)) << "2 is on its way into the store";
  core.stored(2);
  EXPECT_EQ(core.low_water(), 3u);
  EXPECT_TRUE(core.release_key(1));
}

/// As an event that takes the broker's connection with it, while the window is full of what waits for it.
TEST_F(CoreTest, AKeyThatOpensTheCircuitAloneInAFullWindowIsParked) {
  auto& core = make(true, {}, 4, {.attempts = 0});
  offer({1, 2, 3, 4});
  actions();
  for (const std::uint64_t other : {2, 3, 4}) result(other, Outcome::accepted);
  EXPECT_FALSE(core.wants_more());
  for (int i = 0; i < 3; ++i) {
    result(1, Outcome::in_doubt);
    wait_backoff();
    if (i < 2) {
      EXPECT_EQ(actions(), (Actions{"send 1"}));
    }
  }
  EXPECT_EQ(actions(), (Actions{"park 1"}));
}

TEST_F(CoreTest, InAnOutageNobodyIsParkedWhileOthersCouldBeTried) {
  make(true, {}, 4, {.attempts = 0});
  offer({1, 2, 3, 4});
  for (int i = 0; i < 4; ++i) {
    actions();
    result(1, Outcome::in_doubt);
    for (const std::uint64_t other : {2, 3, 4}) core_->result(other, Outcome::unavailable, now_);
    wait_backoff();
  }
  for (const auto& one : actions()) EXPECT_TRUE(one.starts_with("send ")) << one;
}

TEST_F(CoreTest, UnderSkipWhatWasInFlightBehindADeadLetterComesBeforeWhatFollows) {
  CoreOptions options;
  options.ordered_pipeline = true;
  options.hold = false;
  core_ = std::make_unique<Core>(options, CorePosition{});
  offer({1, 1});
  actions();
  result(1, Outcome::refused);
  offer({1});
  EXPECT_EQ(actions(), (Actions{"dead 1"})) << "2 may have failed with it";
  result(2, Outcome::retry);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"send 2"}));
  result(2, Outcome::accepted);
  EXPECT_EQ(actions(), (Actions{"send 3"}));
}

TEST_F(CoreTest, OneBusyKeyDoesNotHoldUpAnother) {
  auto& core = make(true);
  offer({1, 1, 1, 1, 2});
  std::vector<std::uint64_t> order;
  while (const auto action = core.next_action(now_)) order.push_back(action->sequence);
  EXPECT_EQ(order[1], 5u) << "lanes take turns";
}

TEST_F(CoreTest, AFoldIsSentOnceItIsClosedAndTheOthersAreDoneWithIt) {
  auto& core = make(true);
  core.carry(1, 7);
  ASSERT_TRUE(core.join(2, 1));
  offer({8});
  ASSERT_TRUE(core.join(4, 1));
  offer({7});  // the same key: waits for the carrier
  EXPECT_EQ(actions(), (Actions{"send 3"}));
  result(3, Outcome::accepted);
  EXPECT_EQ(core.folding(), 3u);
  EXPECT_EQ(core.pending(), 4u);
  core.close_fold(1);
  EXPECT_EQ(core.folding(), 2u);
  EXPECT_EQ(actions(), (Actions{"send 1", "send 5"}));
  EXPECT_FALSE(core.is_done(2));
  result(1, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 4u);
  EXPECT_EQ(core.folding(), 0u);
  result(5, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 5u);
  EXPECT_EQ(core.pending(), 0u);
}

TEST_F(CoreTest, AFoldThatIsRefusedTakesTheOthersAlong) {
  auto& core = make(true);
  core.carry(1, 7);
  ASSERT_TRUE(core.join(2, 1));
  core.close_fold(1);
  EXPECT_EQ(actions(), (Actions{"send 1"}));
  result(1, Outcome::refused);
  EXPECT_EQ(actions(), (Actions{"dead 1"}));
  core.stored(1);
  EXPECT_EQ(core.low_water(), 2u);
}

TEST_F(CoreTest, AFoldOfAHeldKeyIsHeldOnceItIsClosed) {
  auto& core = make(true);
  core.hold_key(7, 0);
  core.carry(1, 7);
  ASSERT_TRUE(core.join(2, 1));
  EXPECT_EQ(actions(), Actions{});
  core.close_fold(1);
  EXPECT_EQ(actions(), (Actions{"hold 1"}));
  core.stored(1);
  EXPECT_EQ(core.low_water(), 2u);
  EXPECT_EQ(core.folding(), 0u);
}

TEST_F(CoreTest, WhatReconciliationFoundOfAFoldIsDoneWithAllThatJoined) {
  auto& core = make(true);
  core.carry(1, 7);
  ASSERT_TRUE(core.join(2, 1));
  result(2, Outcome::accepted);  // never sent by itself
  EXPECT_FALSE(core.is_done(2));
  result(1, Outcome::accepted);
  EXPECT_EQ(core.low_water(), 2u);
  EXPECT_FALSE(core.join(3, 1)) << "nobody would send it";
  EXPECT_EQ(core.next_offer(), 3u);
  EXPECT_EQ(core.low_water(), 2u);
  EXPECT_EQ(core.folding(), 0u);
}

TEST_F(CoreTest, WhatCannotBeEncodedYetWaitsAloneWithItsKey) {
  for (const bool pipeline : {false, true}) {
    auto& core = make(pipeline, {}, 64, {.attempts = 1});
    offer({1, 1, 2});
    EXPECT_EQ(core.next_action(now_)->sequence, 1u);
    core.postpone(1, now_);
    EXPECT_EQ(actions(), (Actions{"send 3"}));
    result(3, Outcome::accepted);
    EXPECT_EQ(core.in_flight(), 0u);
    ASSERT_TRUE(core.next_wakeup());
    wait_backoff();
    EXPECT_EQ(core.next_action(now_)->sequence, 1u);
    core.postpone(1, now_);
    wait_backoff();
    EXPECT_EQ(core.next_action(now_)->sequence, 1u);
    result(1, Outcome::accepted);
    EXPECT_EQ(actions(), (Actions{"send 2"}));
  }
}

TEST_F(CoreTest, WhatCannotBeEncodedYetDoesNotOpenTheCircuitNorUseUpItsProbe) {
  auto& core = make(false);
  offer({1, 2});
  EXPECT_EQ(actions(), (Actions{"send 1", "send 2"}));
  result(1, Outcome::unavailable);
  result(2, Outcome::unavailable);
  wait_backoff();
  const auto probe = core.next_action(now_);
  ASSERT_TRUE(probe);
  core.postpone(probe->sequence, now_);
  const auto other = core.next_action(now_);
  ASSERT_TRUE(other) << "another event probes at once";
  EXPECT_NE(other->sequence, probe->sequence);
}

TEST_F(CoreTest, WhatCannotBeEncodedYetIsParkedOnlyWhenSomethingElsePasses) {
  park_after_ = std::chrono::seconds(1);
  auto& core = make(false);
  offer({1});
  const auto fail_once = [&] {
    EXPECT_EQ(core.next_action(now_)->sequence, 1u);
    core.postpone(1, now_);
    wait_backoff();
  };
  for (int i = 0; i < 5; ++i) fail_once();
  EXPECT_EQ(core.next_action(now_)->sequence, 1u);
  core.postpone(1, now_);
  offer({2});
  EXPECT_EQ(core.next_action(now_)->sequence, 2u);
  result(2, Outcome::accepted);
  wait_backoff();
  EXPECT_EQ(actions(), (Actions{"park 1"}));
}

TEST_F(CoreTest, WhatCanNeverBeEncodedIsGivenUpOnceTheOlderOnesOfItsKeyAreDone) {
  auto& core = make(true);
  offer({1, 1, 1});
  EXPECT_EQ(core.next_action(now_)->sequence, 1u);
  EXPECT_EQ(core.next_action(now_)->sequence, 2u);
  EXPECT_FALSE(core.refuse(2, now_));
  EXPECT_EQ(actions(), Actions{}) << "1 is under way";
  result(1, Outcome::accepted);
  EXPECT_EQ(core.next_action(now_)->sequence, 2u);
  EXPECT_TRUE(core.refuse(2, now_));
  EXPECT_EQ(actions(), (Actions{"dead 2", "hold 3"}));
}

TEST_F(CoreTest, ALetterDoesNotPassWhatIsNotOfferedYet) {
  auto& core = make(true, {.low_water = 10, .acknowledged = {}});
  core.hold_key(1, 12);
  EXPECT_FALSE(core.may_pass(1, 13)) << "11 and 12 may be of its key";
  offer({1, 2, 1});
  EXPECT_FALSE(core.may_pass(1, 13)) << "11 is open";
  EXPECT_EQ(actions(), (Actions{"send 11", "hold 13", "send 12"}));
  result(11, Outcome::accepted);
  core.stored(13);
  EXPECT_TRUE(core.may_pass(1, 13));
}

}  // namespace
}  // namespace user_events::delivery
