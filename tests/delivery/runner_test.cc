#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "forwarding_state.h"
#include "runner_fixture.h"

namespace user_events::delivery::test {
namespace {

using Sequences = std::vector<std::uint64_t>;

TEST_F(RunnerTest, DeliversWhatTheJournalHoldsAndWhatComes) {
  for (int i = 0; i < 10; ++i) append("u" + std::to_string(i % 3));
  start();
  expect_all_done();
  append("u1");
  expect_all_done();
  const auto got = broker_.deliveries();
  ASSERT_EQ(got.size(), 11u);
  EXPECT_EQ(got[0].id, "event-1");
  EXPECT_EQ(got[0].journal_id, journal_->id());
  EXPECT_EQ(got[0].data, R"({"n":1,"p":""})");
  const auto stats = runner_->stats();
  EXPECT_EQ(stats.delivered, 11u);
  EXPECT_EQ(stats.low_water, 11u);
  EXPECT_EQ(stats.pending, 0u);
  EXPECT_EQ(stats.health.state, HealthState::up);
}

TEST_F(RunnerTest, ARestartContinuesWhereItStopped) {
  append("u1");
  append("u2");
  start();
  expect_all_done();
  restart();
  append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2, 3}));
  EXPECT_EQ(broker_.started_at(), 2u);
}

TEST_F(RunnerTest, TypesThatAreNotWantedAreSkippedAndSoReported) {
  options_.types = {"user.*", "!user.login.failed"};
  append("u1");
  append("u1", "user.login.failed");
  append("u1");
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 3}));
  EXPECT_EQ(runner_->progress_state(2), "filtered");
  EXPECT_EQ(runner_->progress_state(3), "delivered");
  EXPECT_EQ(runner_->progress_state(4), "pending");
}

TEST_F(RunnerTest, TheFirstOfThreeRefusedHoldsTheOthersAndNoOtherUser) {
  broker_.decide = [](const auto& one) { return one.sequence == 1 ? Outcome::refused : Outcome::accepted; };
  append("poisoned");
  append("poisoned");
  append("other");
  append("poisoned");
  append("other");
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{3, 5})) << "never 2, 4, 1";
  const auto letters = this->letters();
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0].sequence, 1u);
  EXPECT_EQ(letters[0].state, DeadLetterState::dead);
  EXPECT_EQ(letters[0].reason, "because the test says so");
  EXPECT_EQ(letters[0].key, "poisoned");
  EXPECT_EQ(letters[1].state, DeadLetterState::held);
  EXPECT_EQ(letters[2].sequence, 4u);
  const auto held = *state_->letter(letters[1].number);
  EXPECT_FALSE(encoding::view(held->second.id, held->second.type, held->second.key, held->second.payload)->data.empty());
  EXPECT_EQ(runner_->stats().dead_letters, 3u);
  EXPECT_EQ(runner_->stats().refused, 1u);
  EXPECT_EQ(runner_->progress_state(1), "dead-letter");
  EXPECT_EQ(runner_->progress_state(2), "held");
  EXPECT_EQ(runner_->progress_state(3), "delivered");
}

TEST_F(RunnerTest, AHeldUserStaysHeldAfterARestart) {
  broker_.decide = [](const auto& one) { return one.sequence == 1 ? Outcome::refused : Outcome::accepted; };
  append("poisoned");
  start();
  expect_all_done();
  restart();
  append("poisoned");
  append("other");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{3}));
  EXPECT_EQ(runner_->stats().dead_letters, 2u);
}

TEST_F(RunnerTest, AnEventThatFailsIsSentAgainBeforeTheNextOfItsUser) {
  std::atomic<int> failures{3};
  broker_.decide = [&](const auto& one) {
    return one.sequence == 1 && failures-- > 0 ? Outcome::retry : Outcome::accepted;
  };
  append("u1");
  append("u1");
  append("u2");
  start();
  expect_all_done();
  auto order = broker_.sequences();
  std::erase(order, 3u);
  EXPECT_EQ(order, (Sequences{1, 2}));
  EXPECT_EQ(runner_->stats().retries, 3u);
}

TEST_F(RunnerTest, AnEventInDoubtIsRepeatedWithTheSameId) {
  std::atomic<bool> first{true};
  broker_.decide = [&](const auto& one) {
    return one.sequence == 1 && first.exchange(false) ? Outcome::in_doubt : Outcome::accepted;
  };
  append("u1");
  append("u1");
  start();
  expect_all_done();
  const auto got = broker_.deliveries();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 1, 2}));
  EXPECT_EQ(got[0].id, got[1].id);
  EXPECT_EQ(runner_->stats().in_doubt, 1u);
}

TEST_F(RunnerTest, ABusyDestinationGetsEverythingInOrderLater) {
  broker_.set_busy(true);
  for (int i = 0; i < 20; ++i) append("u1");
  start();
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_TRUE(broker_.sequences().empty());
  broker_.set_busy(false);
  expect_all_done();
  Sequences expected;
  for (std::uint64_t i = 1; i <= 20; ++i) expected.push_back(i);
  EXPECT_EQ(broker_.sequences(), expected);
}

TEST_F(RunnerTest, ADestinationThatNeverAnswersBoundsWhatIsRead) {
  options_.window_events = 16;
  broker_.set_silent(true);
  for (int i = 0; i < 100; ++i) append("u" + std::to_string(i));
  start();
  ASSERT_TRUE(eventually([&] { return runner_->stats().pending == 16; }));
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(runner_->stats().pending, 16u);
  EXPECT_EQ(runner_->low_water(), 0u);
  EXPECT_GT(runner_->stats().lag_age.count(), 0);
  ASSERT_TRUE(eventually([&] { return runner_->stats().lag_bytes > 0; }));
  broker_.set_silent(false);
  expect_all_done();
}

TEST_F(RunnerTest, TheLagIsRightWhileTheDestinationBlocksItsThread) {
  std::atomic<bool> blocked{true}, blocking{false};
  broker_.on_send = [&] {
    blocking = true;
    blocked.wait(true);
  };
  start();
  append("u1");
  ASSERT_TRUE(eventually([&] { return blocking.load(); }));
  const auto before = runner_->stats().lag_bytes;
  for (int i = 0; i < 20; ++i) append("u1", "user.created", 1'000);
  EXPECT_GT(runner_->stats().lag_bytes, before + 20'000);
  EXPECT_TRUE(eventually([&] { return runner_->stats().lag_age.count() > 0; }));
  blocked = false;
  blocked.notify_all();
  expect_all_done();
  EXPECT_EQ(runner_->stats().lag_bytes, 0u);
}

TEST_F(RunnerTest, WhatIsDoneAboveTheLowWaterMarkIsKnownAndSaved) {
  options_.retry = {.initial = std::chrono::hours(1), .max = std::chrono::hours(1)};
  broker_.decide = [](const auto& one) { return one.sequence == 1 ? Outcome::retry : Outcome::accepted; };
  append("stuck");
  append("u2");
  append("u3");
  start();
  ASSERT_TRUE(eventually([&] { return runner_->is_done(3); }));
  EXPECT_FALSE(runner_->is_done(1));
  EXPECT_FALSE(runner_->is_done(4));
  EXPECT_EQ(runner_->progress_state(1), "pending");
  EXPECT_EQ(runner_->progress_state(2), "delivered");
  stop(milliseconds(20));
  const auto saved = *state_->position("d");
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->low_water, 0u);
  EXPECT_EQ(saved->acknowledged, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{2, 4}}));
  broker_.decide = [](const auto&) { return Outcome::accepted; };
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{2, 3, 1}));
}

TEST_F(RunnerTest, WhatReconciliationFindsIsNotSentAgain) {
  broker_.features.reconciles = true;
  broker_.set_health(HealthState::reconciling);
  for (int i = 0; i < 4; ++i) append("u1");
  start();
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(broker_.attempts(), 0u) << "nothing is sent while it is not known what is there";
  broker_.find({1, 2, 7});
  broker_.set_resume("offset 9");
  broker_.set_health(HealthState::up);
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{3, 4}));
  for (int i = 0; i < 4; ++i) append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{3, 4, 5, 6, 8})) << "7 was found before it was read from the journal";
}

TEST_F(RunnerTest, AnotherEventUnderTheSameSequenceIsNotTakenForTheJournalsEvent) {
  broker_.features.reconciles = true;
  broker_.set_health(HealthState::reconciling);
  for (int i = 0; i < 2; ++i) append("u1");
  start();
  broker_.find(1, "an event of a journal that was lost");
  broker_.find(2, "event-2");
  broker_.find(3, "another one, not read from the journal yet");
  broker_.find(4, "event-4");
  broker_.set_resume("offset 9");
  broker_.set_health(HealthState::up);
  expect_all_done();
  for (int i = 0; i < 2; ++i) append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 3, 4})) << "what the journal does not hold yet cannot be found";
}

TEST_F(RunnerTest, WhatWasFoundFarAheadIsInThePositionThatIsSavedBeforeTheFirstSend) {
  options_.window_events = 2;
  broker_.features.reconciles = true;
  broker_.set_health(HealthState::reconciling);
  for (int i = 0; i < 6; ++i) append("u1");
  std::atomic<bool> was_known{false}, sent{false};
  broker_.on_send = [&] {
    if (sent.exchange(true)) return;
    const auto saved = *state_->position("d");
    was_known = saved && saved->acknowledged == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{5, 6}};
  };
  start();
  broker_.find(5, "event-5");
  broker_.set_resume("offset 9");
  broker_.set_health(HealthState::up);
  expect_all_done();
  EXPECT_TRUE(was_known) << "a crash after the first send would send 5 again";
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2, 3, 4, 6}));
}

TEST_F(RunnerTest, AfterARestartOnlyEventsBehindTheDeadLetterAreHeld) {
  for (int i = 0; i < 3; ++i) append("u1");
  ASSERT_TRUE(state_->save_position("d", {journal_->id(), 0, {{2, 3}}, {}, 0, 0}));
  state::Letter dead;
  dead.journal_id = journal_->id();
  dead.sequence = 2;
  dead.id = "event-2";
  dead.type = "user.created";
  dead.key = "u1";
  ASSERT_TRUE(state_->store_letters("d", {dead}));
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1})) << "1 comes before the dead letter, 3 behind it";
  EXPECT_EQ(state_->letter_counts("d")->total(), 2u);
}

TEST_F(RunnerTest, TheResumeStateIsDurableBeforeTheFirstSend) {
  broker_.features.reconciles = true;
  broker_.set_health(HealthState::reconciling);
  std::atomic<bool> was_durable{false}, sent{false};
  broker_.on_send = [&] {
    if (sent.exchange(true)) return;
    const auto saved = *state_->position("d");
    was_durable = saved && saved->resume == "offset 9";
  };
  append("u1");
  start();
  broker_.set_resume("offset 9");
  broker_.set_health(HealthState::up);
  expect_all_done();
  EXPECT_TRUE(was_durable);
  restart();
  EXPECT_EQ(broker_.resumed_from(), "offset 9");
}

TEST_F(RunnerTest, ANewDestinationBeginsWhereItIsTold) {
  for (int i = 0; i < 5; ++i) append("u1");
  options_.start = "now";
  start();
  append("u1");
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{6}));
  options_.name = "second";
  options_.start = "4";
  restart();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{6, 4, 5, 6}));
}

TEST_F(RunnerTest, NowMeansTheFirstStartNotALaterOne) {
  append("u1");
  options_.start = "now";
  broker_.set_busy(true);
  start();
  append("u1");
  stop(milliseconds(0));
  broker_.set_busy(false);
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{2}));
}

TEST_F(RunnerTest, AStartThatIsNoPlaceInTheJournalIsRefused) {
  for (const char* text : {"yesterday", "0", "-1", "7", "1x", ""}) {
    options_.start = text;
    const auto started = try_start(broker_.connect());
    ASSERT_FALSE(started) << text;
    EXPECT_EQ(started.error().kind, ErrorKind::usage) << text;
  }
}

TEST_F(RunnerTest, APatternThatIsNoneIsRefused) {
  options_.types = {"user..created"};
  EXPECT_FALSE(try_start(broker_.connect()));
}

TEST_F(RunnerTest, APositionOfAnotherJournalIsNeverTakenForOurs) {
  append("u1");
  append("u1");
  ASSERT_TRUE(state_->save_position("d", {"another-journal", 2, {}, "its offsets", 0, 0}));
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 2}));
  EXPECT_EQ(broker_.resumed_from(), "");
  ASSERT_EQ(runner_->stats().health.notes.size(), 1u);
  EXPECT_NE(runner_->stats().health.notes[0].find("another-journal"), std::string::npos);
}

TEST_F(RunnerTest, APositionBeyondTheEndOfTheJournalIsNotBelieved) {
  append("u1");
  ASSERT_TRUE(state_->save_position("d", {journal_->id(), 50, {}, "", 0, 0}));
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1}));
}

TEST_F(RunnerTest, AnIdleRunnerSleepsAndAnEventWakesIt) {
  start();
  append("u1");
  expect_all_done();
  std::this_thread::sleep_for(milliseconds(400));  // the position is saved meanwhile
  const auto before = broker_.polls();
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LE(broker_.polls() - before, 4u);
  append("u1");
  EXPECT_TRUE(eventually([&] { return runner_->low_water() == 2; }, milliseconds(300))) << "not only at the next round";
}

TEST_F(RunnerTest, StopKeepsItsDeadlineWhenTheDestinationNeverAnswers) {
  broker_.set_silent(true);
  append("u1");
  start();
  ASSERT_TRUE(eventually([&] { return broker_.attempts() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  runner_->stop(milliseconds(150));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, milliseconds(140));
  EXPECT_LT(took, milliseconds(2'000));
  EXPECT_TRUE(broker_.closed());
  EXPECT_EQ((*state_->position("d"))->low_water, 0u);
}

TEST_F(RunnerTest, StopDeliversWhatTheJournalStillHolds) {
  options_.window_events = 16;  // most of it is not even read when stop is called
  broker_.set_busy(true);
  for (int i = 0; i < 200; ++i) append("u1");
  start();
  broker_.set_busy(false);
  journal_->close();  // as the publisher does: nothing new comes, what is there can be read
  runner_->stop(milliseconds(10'000));
  EXPECT_EQ(broker_.sequences().size(), 200u);
  EXPECT_EQ((*state_->position("d"))->low_water, 200u);
}

TEST_F(RunnerTest, StopDoesNotWaitForADestinationThatIsDown) {
  broker_.set_busy(true);
  broker_.set_health(HealthState::down, "no broker");
  append("u1");
  start();
  const auto begin = std::chrono::steady_clock::now();
  runner_->stop(milliseconds(10'000));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2'000));
}

TEST_F(RunnerTest, TheListenerHearsOfProgressAndNoMoreOnceReplaced) {
  std::atomic<int> calls{0};
  start();
  runner_->set_progress_listener([&] { ++calls; });
  append("u1");
  EXPECT_TRUE(eventually([&] { return calls > 0; }));
  expect_all_done();
  runner_->set_progress_listener({});
  const int before = calls;
  append("u1");
  expect_all_done();
  EXPECT_EQ(calls, before);
}

/// A state file whose disk is full when the test says so, and that keeps what was saved.
class FullState final : public ForwardingState {
 public:
  using ForwardingState::ForwardingState;
  std::atomic<bool> full{false};
  Result<void> save_position(std::string_view d, const state::SavedPosition& p) override {
    if (full) return fail(ErrorKind::full, "state-full", "no room");
    {
      std::lock_guard lock(mutex_);
      saved_.push_back(p);
    }
    return ForwardingState::save_position(d, p);
  }
  std::vector<state::SavedPosition> saved() const {
    std::lock_guard lock(mutex_);
    return saved_;
  }
  Result<std::uint64_t> store_letters(std::string_view d, const std::vector<state::Letter>& l) override {
    if (full) return fail(ErrorKind::full, "state-full", "no room");
    return ForwardingState::store_letters(d, l);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<state::SavedPosition> saved_;
};

TEST_F(RunnerTest, NoPositionIsEverSavedThatHasTheNewResumeStateWithoutWhatWasFound) {
  options_.window_events = 2;
  broker_.features.reconciles = true;
  broker_.set_health(HealthState::reconciling);
  for (int i = 0; i < 6; ++i) append("u1");
  FullState state(*state_);
  auto started = Runner::start(options_, broker_.connect(), encoding::make_json_encoder({}), *journal_, state, ports::system_clock());
  ASSERT_TRUE(started) << describe(started.error());
  runner_ = *std::move(started);
  broker_.reconcile({{1, "event-1"}, {5, "event-5"}}, "offset 9");
  expect_all_done();
  stop();
  std::size_t with_new_resume = 0;
  for (const auto& position : state.saved()) {
    if (position.resume != "offset 9") continue;
    ++with_new_resume;
    const bool has_5 = position.low_water >= 5 || std::ranges::any_of(position.acknowledged, [](const auto& range) {
                         return range.first <= 5 && 5 < range.second;
                       });
    EXPECT_TRUE(has_5) << "saved at low water " << position.low_water << ": a crash now would send 5 again";
  }
  EXPECT_GT(with_new_resume, 1u);
  EXPECT_EQ(broker_.sequences(), (Sequences{2, 3, 4, 6}));
}

TEST_F(RunnerTest, ADeadLetterThatCannotBeStoredWaitsAndOthersFlow) {
  FullState full(*state_);
  broker_.decide = [](const auto& one) { return one.key == "poisoned" ? Outcome::refused : Outcome::accepted; };
  auto started = Runner::start(options_, broker_.connect(), encoding::make_json_encoder({}), *journal_, full, ports::system_clock());
  ASSERT_TRUE(started);
  runner_ = *std::move(started);
  full.full = true;
  append("poisoned");
  append("other");
  ASSERT_TRUE(eventually([&] { return runner_->is_done(2); }));
  ASSERT_TRUE(eventually([&] { return runner_->stats().health.state == HealthState::down; }));
  EXPECT_NE(runner_->stats().health.detail.find("dead letter cannot be stored"), std::string::npos);
  EXPECT_FALSE(runner_->is_done(1));
  full.full = false;
  expect_all_done();
  EXPECT_EQ(state_->letter_counts("d")->total(), 1u);
  EXPECT_EQ(runner_->stats().health.state, HealthState::up);
  runner_.reset();
}

TEST_F(RunnerTest, ARecordThatCannotBeDecodedStopsTheDestinationAndIsNotSkipped) {
  append("u1");
  journal::RecordDraft draft;
  draft.id = "event-2";
  draft.type = "user.created";
  draft.key = "u2";
  draft.scope = "urn:test";
  draft.payload = "this is no payload of ours";
  ASSERT_TRUE(journal_->append_wait(std::span(&draft, 1)));
  start();
  ASSERT_TRUE(eventually([&] { return runner_->stats().health.state == HealthState::down; }));
  EXPECT_NE(runner_->stats().health.detail.find("record 2"), std::string::npos);
  append("u3");
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_LE(runner_->low_water(), 1u);
  EXPECT_EQ(broker_.sequences(), (Sequences{1}));
  const auto begin = std::chrono::steady_clock::now();
  runner_->stop(milliseconds(10'000));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2'000)) << "waiting would not help";
}

class RunnerOnDiskTest : public RunnerTest {
 protected:
  RunnerOnDiskTest() {
    journal_options_.segment_bytes = 16u << 10;
    journal_options_.recent_frames_bytes = 0;
    open_journal();
  }
  [[nodiscard]] std::vector<std::string> segments() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(journal_options_.directory))
      if (entry.path().extension() == ".seg" || entry.path().extension() == ".segment" || entry.path().extension() == ".log")
        all.push_back(entry.path().string());
    std::ranges::sort(all);
    return all;
  }
};

TEST_F(RunnerOnDiskTest, DamageStopsTheDestinationWithAReportAndNothingIsSkipped) {
  for (int i = 0; i < 60; ++i) append("u1", "user.created", 1'000);
  const auto all = segments();
  ASSERT_GE(all.size(), 3u);
  {
    std::fstream file(all[1], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(all[1]) / 2));
    file.write("damaged!", 8);
  }
  start();
  ASSERT_TRUE(eventually([&] { return runner_->stats().health.state == HealthState::down; }));
  EXPECT_NE(runner_->stats().health.detail.find(std::filesystem::path(all[1]).filename().string()), std::string::npos)
      << runner_->stats().health.detail;
  std::this_thread::sleep_for(milliseconds(50));
  const auto got = broker_.sequences();
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], i + 1);
  EXPECT_GT(got.size(), 0u);
  EXPECT_LT(got.size(), 60u);
  EXPECT_EQ(runner_->low_water(), got.size());
}

TEST_F(RunnerOnDiskTest, EventsThatRetentionRemovedAreCountedAndTheRestGoesOn) {
  for (int i = 0; i < 60; ++i) append("u1", "user.created", 1'000);
  ASSERT_TRUE(state_->save_position("d", {journal_->id(), 2, {{3, 4}}, "", 0, 0}));
  const auto all = segments();
  ASSERT_GE(all.size(), 3u);
  journal_.reset();
  journal_options_.retention_bytes = 20u << 10;
  journal_options_.idempotency_window = milliseconds(0);
  open_journal();
  journal_->set_needed_after(60);
  ASSERT_TRUE(journal_->apply_retention());
  const auto first = journal_->stats().first_sequence;
  ASSERT_GT(first, 4u);
  start();
  expect_all_done();
  EXPECT_EQ(broker_.sequences().front(), first);
  EXPECT_EQ(runner_->stats().lost_to_retention, first - 1 - 2 - 1) << "1 and 2 were delivered, and 3";
  const auto expect_recorded = [&] {
    const auto gaps = runner_->stats().gaps;
    ASSERT_EQ(gaps.size(), 1u);
    EXPECT_EQ(gaps[0].first, 3u);
    EXPECT_EQ(gaps[0].last, first - 1);
    EXPECT_EQ(gaps[0].events(), first - 1 - 2 - 1);
    EXPECT_NE(gaps[0].reason.find("retention"), std::string::npos);
    EXPECT_EQ(runner_->progress_state(2), "delivered");
    EXPECT_EQ(runner_->progress_state(3), "delivered") << "acknowledged before those around it";
    EXPECT_EQ(runner_->progress_state(4), "lost");
    EXPECT_EQ(runner_->progress_state(first - 1), "lost");
    EXPECT_EQ(runner_->progress_state(first), "delivered");
    EXPECT_EQ(runner_->progress_up_to(2), "delivered");
    EXPECT_EQ(runner_->progress_up_to(60), "lost");
  };
  expect_recorded();
  restart();
  expect_recorded();
  EXPECT_EQ(runner_->stats().lost_to_retention, 0u) << "since the start";
}

TEST_F(RunnerOnDiskTest, APausedDestinationIsNotSaidToGetWhatRetentionRemovedMeanwhile) {
  options_.window_events = 4;
  ASSERT_TRUE(state_->set_paused("d", true));
  for (int i = 0; i < 60; ++i) append("u1", "user.created", 1'000);
  start();
  ASSERT_TRUE(eventually([&] { return runner_->stats().pending == 4; }));
  journal_->set_needed_after(60);
  EXPECT_EQ(runner_->progress_state(4), "pending");
  runner_.reset();
  journal_.reset();
  journal_options_.retention_bytes = 20u << 10;
  journal_options_.idempotency_window = milliseconds(0);
  open_journal();
  start();
  ASSERT_TRUE(eventually([&] { return runner_->stats().pending == 4; })) << "it reads before retention removes";
  journal_->set_needed_after(60);
  ASSERT_TRUE(journal_->apply_retention());
  const auto first = journal_->stats().first_sequence;
  ASSERT_GT(first, 20u);
  ASSERT_TRUE(eventually([&] { return runner_->progress_state(first - 1) == "lost"; })) << "it is not in memory either";
  EXPECT_EQ(runner_->progress_state(1), "pending") << "this is";
  EXPECT_EQ(runner_->progress_state(first), "pending");
}

}  // namespace
}  // namespace user_events::delivery::test
