// Full disks, failing disks, bounds.
#include <algorithm>
#include <atomic>
#include <thread>

#include "crash_disk_fixture.h"
#include "journal/format.h"
#include "support/fault_file_system.h"

namespace user_events::journal::test {
namespace {

using user_events::test::Fault;
using user_events::test::FaultFileSystem;
using user_events::test::FaultKind;

class LimitsTest : public CrashDiskTest {};

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
  // Segments end in the background, and only those that have ended can go.
  Result<std::size_t> removed = 0;
  for (int tries = 0; tries < 500 && removed && journal->stats().first_sequence == 1; ++tries) {
    removed = journal->apply_retention();  // the journal's own thread may come first
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_TRUE(removed) << describe(removed.error());
  EXPECT_GT(journal->stats().first_sequence, 1u);
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

}  // namespace
}  // namespace user_events::journal::test
