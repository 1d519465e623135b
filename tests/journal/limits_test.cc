// Full disks, failing disks, bounds, retention, copies.
#include <algorithm>
#include <atomic>
#include <thread>

#include "journal/format.h"
#include "journal_fixture.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"

namespace user_events::journal::test {
namespace {

using user_events::test::CrashFileSystem;
using user_events::test::Fault;
using user_events::test::FaultFileSystem;
using user_events::test::FaultKind;

class LimitsTest : public ::testing::Test {
 protected:
  LimitsTest() {
    options_.directory = "/data/journal";
    options_.segment_bytes = 64u << 10;
    options_.reserve_bytes = 0;
    options_.recent_frames_bytes = 0;
    options_.scrub_pause = std::chrono::milliseconds(0);
  }
  std::unique_ptr<Journal> open(ports::FileSystem& files) {
    auto opened = Journal::open(files, clock_, random_, options_);
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  std::unique_ptr<Journal> open() { return open(disk_); }
  static bool accepts_within(const Journal& journal, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!journal.stats().accepting && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return journal.stats().accepting;
  }

  CrashFileSystem disk_;
  user_events::test::TestClock clock_;
  user_events::test::SeededRandom random_{1};
  Options options_;
};

// ---- full ----

TEST_F(LimitsTest, BelowTheReserveItRefusesFullLosesNothingAndGoesOnWhenThereIsRoom) {
  options_.reserve_bytes = 1u << 20;
  const auto journal = open();
  std::uint64_t accepted = 0;
  disk_.set_free_bytes(100'000);
  for (std::uint64_t n = 1; n <= 500; ++n) {
    const auto receipts = append_numbered(*journal, n, 1, 2'000);
    if (!receipts) {
      EXPECT_EQ(receipts.error().kind, ErrorKind::full);
      EXPECT_FALSE(receipts.error().hint.empty());
      break;
    }
    accepted = n;
  }
  EXPECT_LT(accepted, 500u);
  EXPECT_FALSE(journal->stats().accepting);
  EXPECT_NE(journal->stats().problem, "");
  const auto refused = append_numbered(*journal, 501, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::full);
  EXPECT_GT(journal->stats().refused_full, 0u);
  EXPECT_EQ(read_all(*journal).records.size(), accepted);

  disk_.set_free_bytes(1ull << 30);
  ASSERT_TRUE(accepts_within(*journal, std::chrono::seconds(5)));
  const auto receipts = append_numbered(*journal, accepted + 1, 1);
  ASSERT_TRUE(receipts) << describe(receipts.error());
  EXPECT_EQ((*receipts)[0].sequence, accepted + 1);
  EXPECT_TRUE(journal->verify());
}

TEST_F(LimitsTest, AboveMaxBytesItRefusesFullUntilRetentionMakesRoom) {
  options_.max_bytes = 200'000;
  options_.retention_age = std::chrono::hours(1);
  options_.idempotency_window = std::chrono::hours(1);
  const auto journal = open();
  std::uint64_t accepted = 0;
  while (append_numbered(*journal, accepted + 1, 1, 2'000)) ++accepted;
  EXPECT_GT(accepted, 80u);
  EXPECT_LE(journal->stats().disk_bytes, 200'000u);
  journal->set_needed_after(accepted);
  clock_.advance(std::chrono::hours(2));
  const auto removed = journal->apply_retention();
  ASSERT_TRUE(removed) << describe(removed.error());
  EXPECT_GT(*removed, 0u);
  ASSERT_TRUE(accepts_within(*journal, std::chrono::seconds(5)));
  EXPECT_TRUE(append_numbered(*journal, accepted + 1, 1));
}

TEST_F(LimitsTest, ADiskThatFillsUpInTheMiddleOfAWriteClosesTheSegmentAndTheNextOneGoesOn) {
  FaultFileSystem faulty(disk_, {});
  {
    const auto journal = open(faulty);
    ASSERT_TRUE(append_numbered(*journal, 1, 3));
    faulty.arm({.at = 1, .kind = FaultKind::short_write});
    EXPECT_FALSE(append_numbered(*journal, 4, 3));
    const auto receipts = append_numbered(*journal, 4, 3);
    ASSERT_TRUE(receipts) << describe(receipts.error());
    EXPECT_EQ((*receipts)[0].sequence, 4u);
    EXPECT_EQ(journal->stats().segments, 2u);
  }
  const auto journal = open();
  EXPECT_EQ(read_all(*journal).records.size(), 6u);
  EXPECT_TRUE(journal->verify());
}

TEST_F(LimitsTest, WhileThereIsNoRoomForTheRefusedFrameItDoesNotAcceptAgain) {
  options_.segment_bytes = 1u << 20;
  const auto journal = open();
  ASSERT_TRUE(append_numbered(*journal, 1, 1));
  disk_.set_free_bytes(10'000);
  EXPECT_FALSE(append_numbered(*journal, 2, 1, 300'000));
  for (int i = 0; i < 40; ++i) {  // several probes
    ASSERT_FALSE(journal->stats().accepting);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  disk_.set_free_bytes(1ull << 30);
  ASSERT_TRUE(accepts_within(*journal, std::chrono::seconds(5)));
  EXPECT_TRUE(append_numbered(*journal, 2, 1, 300'000));
}

// ---- failing disks ----

TEST_F(LimitsTest, AfterASegmentThatDidNotOpenTheOneBeforeIsNotWrittenAgain) {
  FaultFileSystem faulty(disk_, {});
  const auto journal = open(faulty);
  ASSERT_TRUE(append_numbered(*journal, 1, 1, 40'000));
  faulty.arm(
      {.at = 1, .concerns = [](const std::string& what) { return what.starts_with("sync directory"); }});
  EXPECT_FALSE(append_numbered(*journal, 2, 1, 40'000));
  ASSERT_TRUE(accepts_within(*journal, std::chrono::seconds(5)));
  // It would have room in the old one, whose successor's name may come back.
  ASSERT_TRUE(append_numbered(*journal, 2, 1));
  EXPECT_EQ(journal->stats().segments, 2u);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto survivor = disk_.after_power_cut(seed);
    EXPECT_EQ(open(*survivor)->durable_sequence(), 2u) << seed;
  }
}

TEST_F(LimitsTest, SegmentsThatNeitherOpenNorGoAwayDoNotPileUp) {
  FaultFileSystem faulty(disk_, {});
  const auto journal = open(faulty);
  ASSERT_TRUE(append_numbered(*journal, 1, 1));
  faulty.arm({.at = 1, .for_ever = true, .concerns = [](const std::string& what) {
                return what.starts_with("sync") || what.starts_with("remove");
              }});
  EXPECT_FALSE(append_numbered(*journal, 2, 1));
  std::this_thread::sleep_for(std::chrono::seconds(2));  // some twenty probes
  EXPECT_LE(disk_.list("/data/journal")->size(), 4u + 1 + 6);
  faulty.mend();
  ASSERT_TRUE(accepts_within(*journal, std::chrono::seconds(5)));
  EXPECT_TRUE(append_numbered(*journal, 2, 1));
  EXPECT_EQ(disk_.list("/data/journal")->size(), 4u + 2);
}

TEST_F(LimitsTest, AfterAFailedSyncWhatStandsBehindTheDurableMarkIsVoid) {
  FaultFileSystem faulty(disk_, {}, [&](const std::string& path) { disk_.drop_unsynced(path); });
  {
    const auto journal = open(faulty);
    ASSERT_TRUE(append_numbered(*journal, 1, 3));
    faulty.arm({.at = 2, .kind = FaultKind::io});  // the write succeeds, its sync fails
    const auto failed = append_numbered(*journal, 100, 3);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::io);
    // The failed frame is whole in the file, and yet void.
    ASSERT_TRUE(append_numbered(*journal, 4, 3));
    EXPECT_EQ(read_all(*journal).records.size(), 6u);
  }
  const auto journal = open();
  const ReadBack back = read_all(*journal);
  ASSERT_EQ(back.records.size(), 6u);
  for (std::uint64_t n = 1; n <= 6; ++n) EXPECT_EQ(back.records[n - 1].second, "event-" + std::to_string(n));
  EXPECT_TRUE(journal->verify());
}

TEST_F(LimitsTest, ADiskThatFailsForEverIsRefusedClearlyAndCloseReturns) {
  FaultFileSystem faulty(disk_, {});
  const auto journal = open(faulty);
  ASSERT_TRUE(append_numbered(*journal, 1, 3));
  faulty.arm({.at = 1, .kind = FaultKind::io, .for_ever = true});
  for (int i = 0; i < 5; ++i) {
    const auto receipts = append_numbered(*journal, 4, 3);
    ASSERT_FALSE(receipts);
    EXPECT_EQ(receipts.error().kind, ErrorKind::io);
    EXPECT_FALSE(receipts.error().message.empty());
  }
  EXPECT_FALSE(journal->stats().accepting);
  journal->close();
}

TEST_F(LimitsTest, ADiskThatRecoversIsUsedAgain) {
  FaultFileSystem faulty(disk_, {});
  const auto journal = open(faulty);
  ASSERT_TRUE(append_numbered(*journal, 1, 3));
  faulty.arm({.at = 1, .kind = FaultKind::io, .for_ever = true});
  EXPECT_FALSE(append_numbered(*journal, 4, 3));
  faulty.mend();
  ASSERT_TRUE(accepts_within(*journal, std::chrono::seconds(5)));
  ASSERT_TRUE(append_numbered(*journal, 4, 3));
  EXPECT_EQ(read_all(*journal).records.size(), 6u);
}

TEST_F(LimitsTest, IdsOfABatchThatFailedAreNewAgain) {
  FaultFileSystem faulty(disk_, {});
  const auto journal = open(faulty);
  faulty.arm({.at = 1, .kind = FaultKind::io});
  EXPECT_FALSE(append(*journal, {with_caller_id("a")}));
  ASSERT_TRUE(accepts_within(*journal, std::chrono::seconds(5)));
  const auto receipts = append(*journal, {with_caller_id("a")});
  ASSERT_TRUE(receipts) << describe(receipts.error());
  EXPECT_FALSE((*receipts)[0].duplicate);
}

// ---- bounds ----

TEST_F(LimitsTest, ABatchOverTheLimitIsRefused) {
  options_.max_batch_bytes = 10'000;
  const auto journal = open();
  const auto receipts = append_numbered(*journal, 1, 10, 2'000);
  ASSERT_FALSE(receipts);
  EXPECT_EQ(receipts.error().kind, ErrorKind::too_large);
  EXPECT_TRUE(append_numbered(*journal, 1, 3, 2'000));
}

TEST_F(LimitsTest, ARecordWithAFieldOverItsLimitIsRefusedAndNamesThePlace) {
  const auto journal = open();
  OwnedDraft draft = numbered(2);
  draft.id = std::string(256, 'x');
  const auto receipts = append(*journal, {numbered(1), draft});
  ASSERT_FALSE(receipts);
  EXPECT_EQ(receipts.error().kind, ErrorKind::too_large);
  EXPECT_EQ(receipts.error().fields.at(0).pointer, "/1");
  EXPECT_EQ(journal->durable_sequence(), 0u);
}

TEST_F(LimitsTest, ABatchLargerThanASegmentGetsASegmentOfItsOwn) {
  const auto journal = open();
  ASSERT_TRUE(append_numbered(*journal, 1, 1));
  ASSERT_TRUE(append_numbered(*journal, 2, 1, 200'000));
  ASSERT_TRUE(append_numbered(*journal, 3, 1));
  EXPECT_EQ(journal->stats().segments, 3u);
  EXPECT_EQ(read_all(*journal).records.size(), 3u);
}

TEST_F(LimitsTest, AFullStagingBufferRefusesOrWaits) {
  options_.staging_bytes = 20'000;
  const auto journal = open();
  // The commit thread is held inside a completion, so that nothing leaves the buffer.
  std::atomic<bool> hold{true}, held{false};
  const OwnedDraft first = numbered(1);
  const RecordDraft view = first.view();
  journal->append({&view, 1}, Backpressure::wait, [&](const auto&) {
    held = true;
    while (hold) std::this_thread::yield();
  });
  while (!held) std::this_thread::yield();
  const OwnedDraft large = numbered(2, 15'000);
  const RecordDraft large_view = large.view();
  int completed = 0;
  journal->append({&large_view, 1}, Backpressure::refuse,
                  [&](const auto& result) { completed += result ? 1 : 100; });
  ErrorKind refused = ErrorKind::internal;
  journal->append({&large_view, 1}, Backpressure::refuse, [&](const auto& result) {
    if (!result) refused = result.error().kind;
  });
  EXPECT_EQ(refused, ErrorKind::unavailable);
  std::atomic<bool> waited{false};
  std::thread waiter([&] {
    EXPECT_TRUE(append_numbered(*journal, 3, 1, 15'000));
    waited = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(waited);
  hold = false;
  waiter.join();
  journal->close();
  EXPECT_EQ(completed, 1);
  EXPECT_EQ(journal->durable_sequence(), 3u);
}

TEST_F(LimitsTest, AHoldKeepsNothingBackForLong) {
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

TEST_F(LimitsTest, WhatIsAppendedDuringAHoldSharesOneCommit) {
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

TEST_F(LimitsTest, NoHoldKeepsAWaitingCallerWaiting) {
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

TEST_F(LimitsTest, MuchToWriteIsNotHeldBack) {
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

TEST_F(LimitsTest, RepeatsOfAnAcceptedIdAreBoundedWhileTheDiskIsBusy) {
  options_.staging_bytes = 20'000;
  const auto journal = open();
  ASSERT_TRUE(append(*journal, {with_caller_id("a")}));
  std::atomic<bool> hold{true}, held{false};
  const OwnedDraft repeated = with_caller_id("a");
  const RecordDraft view = repeated.view();
  journal->append({&view, 1}, Backpressure::wait, [&](const auto&) {
    held = true;
    while (hold) std::this_thread::yield();
  });
  while (!held) std::this_thread::yield();
  std::atomic<int> taken{0}, refused{0};
  for (int i = 0; i < 1'000; ++i)
    journal->append({&view, 1}, Backpressure::refuse,
                    [&](const auto& result) { ++(result ? taken : refused); });
  hold = false;
  journal->close();
  EXPECT_GT(taken, 10);
  EXPECT_LT(taken, 100);
  EXPECT_EQ(taken + refused, 1'000);
}

TEST_F(LimitsTest, AppendFromACompletionNeverWaitsForItself) {
  options_.staging_bytes = 20'000;
  const auto journal = open();
  const OwnedDraft first = numbered(1), large = numbered(2, 15'000);
  const RecordDraft first_view = first.view(), large_view = large.view();
  std::optional<Error> waited, refused;
  std::atomic<int> accepted{0};
  journal->append({&first_view, 1}, Backpressure::wait, [&](const auto&) {
    waited = journal->append_wait({&first_view, 1}).error();
    for (int i = 0; i < 2; ++i)
      journal->append({&large_view, 1}, Backpressure::wait, [&](const auto& result) {
        if (result)
          ++accepted;
        else
          refused = result.error();
      });
  });
  journal->close();
  ASSERT_TRUE(waited);
  EXPECT_EQ(waited->kind, ErrorKind::usage);
  EXPECT_EQ(waited->code, "called-from-callback");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind, ErrorKind::unavailable);
}

TEST_F(LimitsTest, AcceptedTimesNeverDecreaseEvenWhenTheClockIsSetBack) {
  auto journal = open();
  ASSERT_TRUE(append_numbered(*journal, 1, 1));
  clock_.set_wall(clock_.unix_ms() - 5'000);
  ASSERT_TRUE(append_numbered(*journal, 2, 1));
  journal.reset();
  clock_.set_wall(clock_.unix_ms() - 5'000);
  journal = open();
  ASSERT_TRUE(append_numbered(*journal, 3, 1));
  Reader reader = journal->reader(0);
  std::int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const auto chunk = reader.next();
    ASSERT_TRUE(chunk);
    EXPECT_GE((*chunk)[0].accepted_ms, last);
    last = (*chunk)[0].accepted_ms;
  }
}

// ---- retention ----

class RetentionTest : public LimitsTest {
 protected:
  RetentionTest() {
    options_.segment_bytes = 16u << 10;
    options_.retention_age = std::chrono::hours(10);
    options_.idempotency_window = std::chrono::hours(5);
  }
  void fill(Journal& journal, std::uint64_t count) {
    for (std::uint64_t n = 1; n <= count; ++n) ASSERT_TRUE(append_numbered(journal, n, 1, 1'000));
  }
};

TEST_F(RetentionTest, RemovesOldSegmentsAndReadersBeforeThemAreTold) {
  auto journal = open();
  fill(*journal, 50);
  journal->set_needed_after(50);
  EXPECT_EQ(*journal->apply_retention(), 0u);
  clock_.advance(std::chrono::hours(11));
  Reader behind = journal->reader(3);
  const std::size_t removed = *journal->apply_retention();
  EXPECT_GE(removed, 2u);
  const std::uint64_t first = journal->stats().first_sequence;
  EXPECT_GT(first, 20u);
  const auto chunk = behind.next();
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().kind, ErrorKind::not_found);
  EXPECT_EQ(chunk.error().code, "expired");
  EXPECT_EQ(read_all(*journal).records.front().first, first);
  journal.reset();
  journal = open();
  EXPECT_EQ(journal->stats().first_sequence, first);
  EXPECT_EQ(read_all(*journal).records.size(), 50 - first + 1);
  EXPECT_TRUE(journal->verify());
}

TEST_F(RetentionTest, NeverRemovesWhatIsStillNeeded) {
  const auto journal = open();
  fill(*journal, 50);
  clock_.advance(std::chrono::hours(1'000));
  EXPECT_EQ(*journal->apply_retention(), 0u);
  journal->set_needed_after(20);
  static_cast<void>(*journal->apply_retention());
  EXPECT_LE(journal->stats().first_sequence, 21u);
  EXPECT_GT(journal->stats().first_sequence, 1u);
}

TEST_F(RetentionTest, BySizeNeverRemovesInsideTheIdempotencyWindow) {
  options_.retention_bytes = 30'000;
  options_.retention_age = std::chrono::milliseconds(0);
  const auto journal = open();
  fill(*journal, 60);
  journal->set_needed_after(60);
  clock_.advance(std::chrono::hours(4));
  EXPECT_EQ(*journal->apply_retention(), 0u);
  clock_.advance(std::chrono::hours(2));
  EXPECT_GE(*journal->apply_retention(), 2u);
  EXPECT_LE(journal->stats().disk_bytes, 30'000u);
}

TEST_F(RetentionTest, APositionBehindTheOldestRecordButZeroBeginsAtTheOldest) {
  const auto journal = open();
  fill(*journal, 50);
  journal->set_needed_after(50);
  clock_.advance(std::chrono::hours(11));
  ASSERT_GE(*journal->apply_retention(), 1u);
  Reader reader = journal->reader(0);
  const auto chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->first_sequence(), journal->stats().first_sequence);
}

// ---- identity ----

TEST_F(LimitsTest, TheJournalsIdAndSecretLast) {
  auto journal = open();
  const std::string id = journal->id();
  const std::vector<std::byte> secret(journal->secret().begin(), journal->secret().end());
  EXPECT_EQ(id.size(), 35u);
  EXPECT_NE(std::count(secret.begin(), secret.end(), std::byte{0}), 32);
  journal.reset();
  journal = open();
  EXPECT_EQ(journal->id(), id);
  EXPECT_TRUE(std::equal(secret.begin(), secret.end(), journal->secret().begin()));
}

TEST_F(LimitsTest, ACopyOfTheDirectoryBeginsANewEpochAndKeepsItsRecordsAndSecret) {
  std::string id;
  std::vector<std::byte> secret;
  {
    const auto journal = open();
    ASSERT_TRUE(append(*journal, {with_caller_id("a")}));
    id = journal->id();
    secret.assign(journal->secret().begin(), journal->secret().end());
  }
  const auto copied_disk = disk_.copy();
  std::string copied_id;
  {
    const auto journal = open(*copied_disk);
    copied_id = journal->id();
    EXPECT_NE(copied_id, id);
    EXPECT_EQ(copied_id.substr(0, 26), id.substr(0, 26));
    EXPECT_TRUE(std::equal(secret.begin(), secret.end(), journal->secret().begin()));
    const auto receipts = append(*journal, {with_caller_id("a"), numbered(2)});
    ASSERT_TRUE(receipts);
    EXPECT_TRUE((*receipts)[0].duplicate);
    EXPECT_EQ((*receipts)[1].sequence, 2u);
    EXPECT_TRUE(journal->verify());
  }
  EXPECT_EQ(open(*copied_disk)->id(), copied_id);
  const auto second_copy = disk_.copy();
  EXPECT_NE(open(*second_copy)->id(), copied_id);
  EXPECT_EQ(open()->id(), id);
}

/// Puts back what the backup holds, into the files that are there, as `cp` does.
void restore_in_place(CrashFileSystem& disk, CrashFileSystem& backup) {
  const std::vector<std::string> there = disk.list("/data/journal").value();
  const std::vector<std::string> kept = backup.list("/data/journal").value();
  for (const std::string& name : there)
    if (std::ranges::find(kept, name) == kept.end()) static_cast<void>(disk.remove("/data/journal/" + name));
  for (const std::string& name : kept)
    disk.set_content("/data/journal/" + name, backup.content("/data/journal/" + name));
}

TEST_F(LimitsTest, ABackupRestoredInPlaceBeginsANewEpoch) {
  for (const bool while_open : {false, true}) {
    auto journal = open();
    const std::string id = journal->id();
    ASSERT_TRUE(append_numbered(*journal, 1, 2));
    if (!while_open) journal.reset();
    const auto backup = disk_.copy();
    journal.reset();
    if (!while_open) {
      journal = open();
      EXPECT_EQ(journal->id(), id);
      ASSERT_TRUE(append_numbered(*journal, 3, 2));
      journal.reset();
    }
    restore_in_place(disk_, *backup);
    EXPECT_NE(open()->id(), id) << while_open;
  }
}

TEST_F(LimitsTest, ACrashBeginsNoNewEpoch) {
  std::string id;
  std::unique_ptr<CrashFileSystem> crashed;
  {
    const auto journal = open();
    id = journal->id();
    ASSERT_TRUE(append_numbered(*journal, 1, 2));
    crashed = disk_.after_power_cut(1);
  }
  for (std::uint64_t sync = 1; sync <= 6; ++sync) {  // also one in the middle of a start
    crashed->cut_power_at_sync(sync, sync);
    static_cast<void>(Journal::open(*crashed, clock_, random_, options_));
    crashed = crashed->after_power_cut(sync);
    EXPECT_EQ(open(*crashed)->id(), id) << sync;
  }
}

TEST_F(LimitsTest, AListenerIsToldAndNotAfterItWasRemoved) {
  const auto journal = open();
  std::atomic<std::uint64_t> seen{0};
  const auto token = journal->add_listener([&](std::uint64_t durable) { seen = durable; });
  ASSERT_TRUE(append_numbered(*journal, 1, 3));
  while (seen != 3) std::this_thread::yield();  // it is told after the completions, so after the append has returned
  journal->remove_listener(token);
  ASSERT_TRUE(append_numbered(*journal, 4, 1));
  EXPECT_EQ(seen, 3u);
}

TEST_F(LimitsTest, AListenerIsToldWhenAllCompletionsOfACommitHaveBeenCalled) {
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

TEST_F(LimitsTest, WaitDurableReturnsAtOnceWhenThereIsMoreAndAfterItsTimeOutWhenNot) {
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
