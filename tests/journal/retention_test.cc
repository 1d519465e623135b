// What retention removes, and what never.
#include "crash_disk_fixture.h"
#include "journal/format.h"

namespace user_events::journal::test {
namespace {

class RetentionTest : public CrashDiskTest {
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

}  // namespace
}  // namespace user_events::journal::test
