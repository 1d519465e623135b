// What a journal leaves in the process's memory. A suite of its own, without sanitizers: they replace malloc.
#include <malloc.h>

#include "journal_fixture.h"

namespace user_events::journal::test {
namespace {

/// What was freed and is kept by malloc all the same.
std::size_t kept_free_mib() { return static_cast<std::size_t>(::mallinfo2().fordblks) >> 20; }

using MemoryTest = JournalTest;

TEST_F(MemoryTest, TheIdsOfSealedSegmentsLeaveNoMemoryBehind) {
  constexpr std::size_t kBatch = 500, kSegments = 5, kMostMib = 24;
  options_.segment_bytes = Options{}.segment_bytes;
  open();
  std::vector<OwnedDraft> drafts(kBatch, with_caller_id(""));
  std::size_t most = 0;
  for (std::uint64_t n = 0; journal_->stats().segments <= kSegments;) {
    for (OwnedDraft& draft : drafts) draft.id = "id-" + std::to_string(++n);
    const auto receipts = test::append(*journal_, drafts);
    ASSERT_TRUE(receipts) << describe(receipts.error());
    most = std::max(most, kept_free_mib());
  }
  EXPECT_LE(most, kMostMib);
}

}  // namespace
}  // namespace user_events::journal::test
