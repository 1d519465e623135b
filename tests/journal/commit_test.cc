// What shares a commit, and who is told of it.
#include <atomic>
#include <thread>

#include "crash_disk_fixture.h"

namespace user_events::journal::test {
namespace {

class CommitTest : public CrashDiskTest {};

TEST_F(CommitTest, AHoldKeepsNothingBackForLong) {
  const auto journal = open();
  journal->hold();
  std::atomic<bool> completed{false};
  const auto draft = numbered(1);
  const RecordDraft view = draft.view();
  journal->append({&view, 1}, Backpressure::wait, [&](const auto& receipts) { completed = receipts.has_value(); });
  EXPECT_EQ(journal->wait_durable(0, std::chrono::seconds(10)), 1u);
  journal->release();
  while (!completed) std::this_thread::yield();
}

TEST_F(CommitTest, WhatIsAppendedDuringAHoldSharesOneCommit) {
  options_.longest_hold = std::chrono::hours(1);
  const auto journal = open();
  std::atomic<int> completed{0};
  const auto append_one = [&](std::uint64_t n) {
    const auto draft = numbered(n);
    const RecordDraft view = draft.view();
    journal->append({&view, 1}, Backpressure::wait, [&](const auto& receipts) { completed += receipts.has_value(); });
  };
  const auto frames = journal->stats().frames;
  journal->hold();
  journal->hold();
  for (std::uint64_t n = 1; n <= 50; ++n) append_one(n);
  journal->release();
  EXPECT_EQ(journal->wait_durable(0, std::chrono::milliseconds(50)), 0u) << "one hold of two is left";
  EXPECT_EQ(completed, 0);
  journal->release();
  while (completed != 50) std::this_thread::yield();
  EXPECT_EQ(journal->stats().frames, frames + 1);
}

TEST_F(CommitTest, NoHoldKeepsAWaitingCallerWaiting) {
  options_.staging_bytes = 16u << 10;
  options_.longest_hold = std::chrono::hours(1);
  const auto journal = open();
  journal->hold();
  EXPECT_TRUE(append_numbered(*journal, 1, 1)) << "a caller that waits for the outcome";
  // Callers that wait for room: more than the buffer takes.
  std::atomic<std::uint64_t> completed{0};
  for (std::uint64_t n = 2; n <= 100; ++n) {
    const auto draft = numbered(n, 1'000);
    const RecordDraft view = draft.view();
    journal->append({&view, 1}, Backpressure::wait, [&](const auto& receipts) { completed += receipts.has_value(); });
  }
  // Callers that are refused for want of room make it all the same.
  for (std::uint64_t n = 101; n <= 1'000'000 && completed < 1'000; ++n) {
    const auto draft = numbered(n, 1'000);
    const RecordDraft view = draft.view();
    journal->append({&view, 1}, Backpressure::refuse, [&](const auto& receipts) { completed += receipts.has_value(); });
  }
  EXPECT_GE(completed, 1'000u);
  journal->close();  // what is staged is committed first
  EXPECT_EQ(journal->stats().durable_sequence, completed + 1);
}

TEST_F(CommitTest, MuchToWriteIsNotHeldBack) {
  options_.longest_hold = std::chrono::hours(1);
  const auto journal = open();
  journal->hold();
  std::atomic<std::uint64_t> completed{0};
  for (std::uint64_t n = 1; n <= 100; ++n) {
    const auto draft = numbered(n, 1'000);
    const RecordDraft view = draft.view();
    journal->append({&view, 1}, Backpressure::wait, [&](const auto& receipts) { completed += receipts.has_value(); });
  }
  EXPECT_GT(journal->wait_durable(0, std::chrono::seconds(10)), 0u);
  journal->release();
  while (completed != 100) std::this_thread::yield();
}

TEST_F(CommitTest, AListenerIsToldAndNotAfterItWasRemoved) {
  const auto journal = open();
  std::atomic<std::uint64_t> seen{0};
  const auto token = journal->add_listener([&](std::uint64_t durable) { seen = durable; });
  ASSERT_TRUE(append_numbered(*journal, 1, 3));
  while (seen != 3) std::this_thread::yield();  // it is told after the completions, so after the append has returned
  journal->remove_listener(token);
  ASSERT_TRUE(append_numbered(*journal, 4, 1));
  EXPECT_EQ(seen, 3u);
}

TEST_F(CommitTest, AListenerIsToldWhenAllCompletionsOfACommitHaveBeenCalled) {
  const auto journal = open();
  std::atomic<int> completed{0};
  std::atomic<bool> early{false};
  std::atomic<std::uint64_t> told{0};
  const auto token = journal->add_listener([&](std::uint64_t durable) {
    if (static_cast<std::uint64_t>(completed) < durable) early = true;
    told = durable;
  });
  constexpr int kAppends = 200;
  for (int i = 0; i < kAppends; ++i) {
    const OwnedDraft draft = numbered(static_cast<std::uint64_t>(i) + 1);
    const RecordDraft view = draft.view();
    journal->append({&view, 1}, Backpressure::wait, [&](const auto&) { ++completed; });
  }
  while (told != kAppends) std::this_thread::yield();
  EXPECT_FALSE(early);
  journal->remove_listener(token);
}

TEST_F(CommitTest, WaitDurableReturnsAtOnceWhenThereIsMoreAndAfterItsTimeOutWhenNot) {
  const auto journal = open();
  ASSERT_TRUE(append_numbered(*journal, 1, 3));
  EXPECT_EQ(journal->wait_durable(2, std::chrono::seconds(60)), 3u);
  EXPECT_EQ(journal->wait_durable(3, std::chrono::milliseconds(5)), 3u);
  std::thread appender([&] { EXPECT_TRUE(append_numbered(*journal, 4, 1)); });
  EXPECT_EQ(journal->wait_durable(3, std::chrono::seconds(60)), 4u);
  appender.join();
}

}  // namespace
}  // namespace user_events::journal::test
