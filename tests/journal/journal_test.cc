// What a journal does while all is well.
#include <atomic>
#include <thread>

#include "journal_fixture.h"

namespace user_events::journal::test {
namespace {

TEST_F(JournalTest, AppendedRecordsAreReadBackInOrderWithAllTheirFields) {
  open();
  OwnedDraft draft = numbered(1);
  draft.source_position = "0/16B3748";
  draft.key_id = "key-7";
  draft.mac.fill(std::byte{0x5A});
  draft.id_from_caller = true;
  RecordDraft view = draft.view();
  view.form = PayloadForm::sealed;
  const auto receipts = journal_->append_wait({&view, 1});
  ASSERT_TRUE(receipts) << describe(receipts.error());
  ASSERT_EQ(receipts->size(), 1u);
  EXPECT_EQ((*receipts)[0].sequence, 1u);
  EXPECT_FALSE((*receipts)[0].duplicate);
  reopen();
  Reader reader = journal_->reader(0);
  const auto chunk = reader.next();
  ASSERT_TRUE(chunk) << describe(chunk.error());
  ASSERT_EQ(chunk->size(), 1u);
  const RecordView& record = (*chunk)[0];
  EXPECT_EQ(record.sequence, 1u);
  EXPECT_EQ(record.accepted_ms, clock_.unix_ms());
  EXPECT_EQ(record.id, draft.id);
  EXPECT_EQ(record.type, draft.type);
  EXPECT_EQ(record.key, draft.key);
  EXPECT_EQ(record.scope, draft.scope);
  EXPECT_EQ(record.source_position, draft.source_position);
  EXPECT_EQ(record.key_id, draft.key_id);
  EXPECT_EQ(record.form, PayloadForm::sealed);
  EXPECT_TRUE(record.id_from_caller);
  EXPECT_EQ(record.request_mac, draft.mac);
  EXPECT_EQ(record.payload, draft.payload);
}

TEST_F(JournalTest, RecordsSurviveReopeningAcrossManySegments) {
  open();
  for (std::uint64_t n = 1; n <= 2000; n += 100) append(n, 100);
  EXPECT_GT(journal_->stats().segments, 3u);
  expect_records(2000);
  reopen();
  expect_records(2000);
  append(2001, 1);
  expect_records(2001);
}

TEST_F(JournalTest, ABatchLiesInOneFrame) {
  options_.max_frame_bytes = 16u << 10;
  open();
  append(1, 1000);
  Reader reader = journal_->reader(0);
  const auto chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->size(), 1000u);
}

TEST_F(JournalTest, ReaderMayBeginInsideAFrame) {
  open();
  append(1, 10);
  append(11, 10);
  Reader reader = journal_->reader(5);
  auto chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->first_sequence(), 6u);
  EXPECT_EQ(chunk->last_sequence(), 10u);
  chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->first_sequence(), 11u);
  chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_TRUE(chunk->empty());
}

TEST_F(JournalTest, ASecondOpenOfTheSameDirectoryIsRefused) {
  open();
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(second.error().code, "data-directory-in-use");
  close();
  EXPECT_TRUE(try_open());
}

TEST_F(JournalTest, AppendAfterCloseIsRefused) {
  open();
  append(1, 1);
  journal_->close();
  const auto receipts = append_numbered(*journal_, 2, 1);
  ASSERT_FALSE(receipts);
  EXPECT_EQ(receipts.error().kind, ErrorKind::unavailable);
  expect_records(1);
}

TEST_F(JournalTest, ManyPublishersAndReadersSeeOneOrder) {
  options_.recent_frames_bytes = 1u << 20;
  options_.segment_bytes = 256u << 10;
  open();
  constexpr int kThreads = 4;
  constexpr int kBatches = 100;
  std::atomic<int> completed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBatches; ++i) {
        std::vector<OwnedDraft> drafts;
        for (int k = 0; k < 5; ++k) {
          drafts.push_back(with_caller_id(std::to_string(t) + "-" + std::to_string(i * 5 + k)));
          drafts.back().key = std::to_string(t);
        }
        std::vector<RecordDraft> views;
        for (const auto& draft : drafts) views.push_back(draft.view());
        if (i % 10 == 9) {
          ASSERT_TRUE(journal_->append_wait(views));
          ++completed;
        } else {
          journal_->append(views, Backpressure::wait, [&](const auto& result) {
            ASSERT_TRUE(result);
            ASSERT_EQ(result->size(), 5u);
            ++completed;
          });
        }
      }
    });
  }
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      Reader reader = journal_->reader(0);
      std::vector<int> next(kThreads, 0);
      std::uint64_t expected = 1;
      while (expected <= kThreads * kBatches * 5) {
        journal_->wait_durable(expected - 1, std::chrono::milliseconds(1000));
        const auto chunk = reader.next();
        ASSERT_TRUE(chunk) << describe(chunk.error());
        for (std::size_t i = 0; i < chunk->size(); ++i) {
          const RecordView& record = (*chunk)[i];
          ASSERT_EQ(record.sequence, expected++);
          const int t = record.key[0] - '0';
          ASSERT_EQ(record.id, std::to_string(t) + "-" + std::to_string(next[static_cast<std::size_t>(t)]++));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto& reader : readers) reader.join();
  journal_->close();
  EXPECT_EQ(completed, kThreads * kBatches);
  EXPECT_EQ(journal_->durable_sequence(), static_cast<std::uint64_t>(kThreads * kBatches * 5));
  reopen();
  EXPECT_EQ(read_all(*journal_).records.size(), static_cast<std::size_t>(kThreads * kBatches * 5));
  EXPECT_TRUE(journal_->verify());
}

}  // namespace
}  // namespace user_events::journal::test
