// Idempotent append by id, and finding records.
#include <map>

#include "base/uuid.h"
#include "journal/format.h"
#include "journal/id_index.h"
#include "journal_fixture.h"

namespace user_events::journal::test {
namespace {

class IdsTest : public JournalTest {
 protected:
  std::vector<Receipt> must_append(const std::vector<OwnedDraft>& drafts) {
    const auto receipts = test::append(*journal_, drafts);
    EXPECT_TRUE(receipts) << describe(receipts.error());
    return receipts.value_or(std::vector<Receipt>{});
  }
  void expect_duplicate(const OwnedDraft& draft, std::uint64_t sequence) {
    const auto receipts = must_append({draft});
    ASSERT_EQ(receipts.size(), 1u);
    EXPECT_TRUE(receipts[0].duplicate);
    EXPECT_EQ(receipts[0].sequence, sequence);
  }
  /// Enough to seal the segment that is active now.
  void fill_a_segment() {
    const auto ordinals = journal_->stats().segments;
    while (journal_->stats().segments == ordinals) must_append({numbered(filler_++, 5'000)});
  }
  std::string index_path(std::uint64_t ordinal) const {
    return options_.directory + "/" + index_name(ordinal);
  }

  std::uint64_t filler_ = 100'000;
};

TEST_F(IdsTest, ARepeatedIdWithTheSameContentGetsTheFirstReceipt) {
  open();
  must_append({numbered(1), with_caller_id("a")});
  expect_duplicate(with_caller_id("a"), 2);
  EXPECT_EQ(journal_->durable_sequence(), 2u);
  EXPECT_EQ(journal_->stats().duplicates, 1u);
}

TEST_F(IdsTest, ARepeatedIdIsKnownAfterAReopen) {
  open();
  must_append({with_caller_id("a")});
  reopen();
  expect_duplicate(with_caller_id("a"), 1);
}

TEST_F(IdsTest, ARepeatedIdIsKnownInASealedSegmentBeforeAndAfterAReopen) {
  open();
  must_append({with_caller_id("a")});
  fill_a_segment();
  expect_duplicate(with_caller_id("a"), 1);
  reopen();
  expect_duplicate(with_caller_id("a"), 1);
  EXPECT_TRUE(std::filesystem::exists(index_path(1)));
}

TEST_F(IdsTest, ALostOrDamagedIndexIsMadeAgainAtStart) {
  open();
  must_append({with_caller_id("a")});
  fill_a_segment();
  close();
  for (const std::uint64_t size : {0u, 5'000u, 8'192u}) {
    std::filesystem::resize_file(index_path(1), size);
    reopen();
    expect_duplicate(with_caller_id("a"), 1);
  }
  std::filesystem::remove(index_path(1));
  reopen();
  expect_duplicate(with_caller_id("a"), 1);
}

TEST_F(IdsTest, TheSameIdWithOtherContentIsAConflictAndNamesThePlace) {
  open();
  must_append({with_caller_id("a", 1)});
  const auto receipts = test::append(*journal_, {numbered(7), with_caller_id("b"), with_caller_id("a", 2)});
  ASSERT_FALSE(receipts);
  EXPECT_EQ(receipts.error().kind, ErrorKind::conflict);
  EXPECT_EQ(receipts.error().code, "id-conflict");
  ASSERT_EQ(receipts.error().fields.size(), 1u);
  EXPECT_EQ(receipts.error().fields[0].pointer, "/2");
  // The whole batch is refused and leaves no trace: `b` is still new.
  EXPECT_EQ(journal_->durable_sequence(), 1u);
  const auto again = must_append({with_caller_id("b")});
  EXPECT_FALSE(again[0].duplicate);
  EXPECT_EQ(again[0].sequence, 2u);
}

TEST_F(IdsTest, AConflictWithASealedSegmentIsFound) {
  open();
  must_append({with_caller_id("a", 1)});
  fill_a_segment();
  reopen();
  EXPECT_FALSE(test::append(*journal_, {with_caller_id("a", 2)}));
}

TEST_F(IdsTest, DuplicatesInsideOneBatchGetTheFirstOnesSequence) {
  open();
  const auto receipts =
      must_append({with_caller_id("a"), numbered(1), with_caller_id("a"), with_caller_id("b")});
  ASSERT_EQ(receipts.size(), 4u);
  EXPECT_EQ(receipts[0].sequence, 1u);
  EXPECT_EQ(receipts[1].sequence, 2u);
  EXPECT_TRUE(receipts[2].duplicate);
  EXPECT_EQ(receipts[2].sequence, 1u);
  EXPECT_EQ(receipts[3].sequence, 3u);
  EXPECT_EQ(read_all(*journal_).records.size(), 3u);
}

TEST_F(IdsTest, OtherContentInsideOneBatchIsAConflict) {
  open();
  const auto receipts = test::append(*journal_, {with_caller_id("a", 1), with_caller_id("a", 2)});
  ASSERT_FALSE(receipts);
  EXPECT_EQ(receipts.error().fields[0].pointer, "/1");
  EXPECT_FALSE(must_append({with_caller_id("a", 3)})[0].duplicate);
}

TEST_F(IdsTest, ScopesAreApart) {
  open();
  OwnedDraft first = with_caller_id("a"), second = with_caller_id("a", 2);
  second.scope = "urn:other";
  must_append({first, second});
  expect_duplicate(first, 1);
  expect_duplicate(second, 2);
}

TEST_F(IdsTest, GeneratedIdsAreNotCompared) {
  open();
  must_append({numbered(1)});
  EXPECT_FALSE(must_append({numbered(1)})[0].duplicate);
}

TEST_F(IdsTest, ADuplicateOfARecordStillInFlightIsCompletedAfterIt) {
  open();
  const OwnedDraft draft = with_caller_id("a");
  const RecordDraft view = draft.view();
  std::vector<std::uint64_t> durable_at_completion;
  for (int i = 0; i < 50; ++i)
    journal_->append({&view, 1}, Backpressure::wait, [&](const auto& result) {
      ASSERT_TRUE(result);
      EXPECT_EQ((*result)[0].sequence, 1u);
      durable_at_completion.push_back(journal_->durable_sequence());
    });
  journal_->close();
  ASSERT_EQ(durable_at_completion.size(), 50u);
  for (const std::uint64_t durable : durable_at_completion) EXPECT_EQ(durable, 1u);
}

TEST_F(IdsTest, FindGetsRecordsByTheIdOfTheCallerInMemoryAndOnDisk) {
  open();
  must_append({numbered(1), with_caller_id("a"), with_caller_id("b", 2)});
  for (int round = 0; round < 3; ++round) {
    const auto found = journal_->find("urn:test", "b");
    ASSERT_TRUE(found) << describe(found.error());
    EXPECT_EQ(found->chunk[found->index].sequence, 3u);
    EXPECT_EQ(found->chunk[found->index].id, "b");
    EXPECT_TRUE(journal_->find("", "a"));
    EXPECT_EQ(journal_->find("urn:other", "a").error().kind, ErrorKind::not_found);
    EXPECT_EQ(journal_->find("", "c").error().kind, ErrorKind::not_found);
    if (round == 0) fill_a_segment();
    if (round == 1) reopen();
  }
}

TEST_F(IdsTest, FindGetsRecordsByTheTimeInAGeneratedId) {
  open();
  std::vector<std::string> ids;
  for (int i = 0; i < 400; ++i) {
    if (i == 200) clock_.set_wall(clock_.unix_ms() - 3'600'000);  // somebody sets the clock back by an hour
    OwnedDraft draft = numbered(static_cast<std::uint64_t>(i), 1'000);
    draft.id.clear();
    base::append_uuid7(clock_.unix_ms(), random_, draft.id);
    ids.push_back(draft.id);
    must_append({draft});
    clock_.advance(std::chrono::milliseconds(100));
  }
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < ids.size(); i += 7) {
      const auto found = journal_->find("", ids[i]);
      ASSERT_TRUE(found) << i << " " << describe(found.error());
      EXPECT_EQ(found->chunk[found->index].sequence, i + 1);
    }
    std::string unknown;
    base::append_uuid7(clock_.unix_ms(), random_, unknown);
    EXPECT_EQ(journal_->find("", unknown).error().kind, ErrorKind::not_found);
    reopen();
  }
}

TEST_F(IdsTest, SequenceAtTimeIsTheFirstRecordAcceptedThenOrLater) {
  open();
  const std::int64_t start = clock_.unix_ms();
  for (std::uint64_t n = 1; n <= 300; ++n) {
    append(n, 1, 900);
    clock_.advance(std::chrono::milliseconds(10));
  }
  ASSERT_GT(journal_->stats().segments, 3u);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*journal_->sequence_at_time(0), 1u);
    for (std::uint64_t n = 1; n <= 300; n += 13) {
      EXPECT_EQ(*journal_->sequence_at_time(start + static_cast<std::int64_t>(n - 1) * 10), n);
      EXPECT_EQ(*journal_->sequence_at_time(start + static_cast<std::int64_t>(n - 1) * 10 - 5), n);
    }
    EXPECT_EQ(*journal_->sequence_at_time(start + 1'000'000), 301u);
    reopen();
  }
}

// ---- the parts ----

IdEntry entry_of(std::uint64_t hash, std::uint64_t sequence) {
  IdEntry entry;
  entry.id_hash = hash;
  entry.scoped_hash = hash * 31 + 7;
  entry.sequence = sequence;
  entry.mac.fill(static_cast<std::byte>(sequence));
  return entry;
}

TEST(IdTable, BehavesLikeAMapThroughInsertionsAndErasures) {
  user_events::test::SeededRandom random(5);
  IdTable table;
  std::map<std::uint64_t, std::uint64_t> model;
  for (std::uint64_t i = 1; i <= 20'000; ++i) {
    const std::uint64_t hash = random.below(500) << (random.below(3) * 8);  // many collide
    const IdHashes hashes{hash, hash * 31 + 7};
    const IdEntry* found = table.find(hashes);
    ASSERT_EQ(found != nullptr, model.contains(hash));
    if (found != nullptr) {
      ASSERT_EQ(found->sequence, model[hash]);
      if (random.below(2) == 0) {
        table.erase(hashes);
        model.erase(hash);
      }
    } else {
      table.insert(entry_of(hash, i));
      model[hash] = i;
    }
    ASSERT_EQ(table.size(), model.size());
  }
  table.erase_after(15'000);
  std::erase_if(model, [](const auto& item) { return item.second > 15'000; });
  ASSERT_EQ(table.size(), model.size());
  for (const auto& [hash, sequence] : model) EXPECT_EQ(table.find({hash, hash * 31 + 7})->sequence, sequence);
}

TEST(IdIndex, FindsEveryEntryWithAndWithoutMemoryForFilters) {
  const user_events::test::TemporaryDirectory directory;
  const Storage storage{ports::posix_file_system(), directory.path()};
  const IndexOwner owner{3, 17, 42};
  user_events::test::SeededRandom random(9);
  IdEntries entries;
  for (std::uint64_t i = 1; i <= 5'000; ++i) entries.push_back(entry_of(random.next_u64(), i));
  for (std::uint64_t i = 5'001; i <= 5'300; ++i)
    entries.push_back(entry_of(entries[10].id_hash, i));  // 3 pages of one id
  ASSERT_TRUE(IdIndex::write(storage, owner, entries));
  for (const std::size_t budget_bytes : {std::size_t{1} << 20, std::size_t{0}}) {
    const auto index = IdIndex::open(storage, owner, std::make_shared<FilterBudget>(budget_bytes));
    ASSERT_TRUE(index && *index);
    IdEntries found;
    for (std::size_t i = 0; i < 5'000; ++i) {
      found.clear();
      ASSERT_TRUE((*index)->find_all(entries[i].id_hash, found));
      ASSERT_EQ(found.size(), i == 10 ? 301u : 1u);
      ASSERT_EQ(found[0].sequence, entries[i].sequence);
      ASSERT_EQ(found[0].mac, entries[i].mac);
    }
    found.clear();
    for (int i = 0; i < 5'000; ++i) ASSERT_TRUE((*index)->find_all(random.next_u64(), found));
    EXPECT_TRUE(found.empty());
  }
  EXPECT_FALSE(*IdIndex::open(storage, {3, 18, 42}, std::make_shared<FilterBudget>(0)));
}

TEST(IdIndex, ADamagedPageIsReportedNotTakenForAbsence) {
  const user_events::test::TemporaryDirectory directory;
  const Storage storage{ports::posix_file_system(), directory.path()};
  const IndexOwner owner{3, 17, 42};
  IdEntries entries;
  for (std::uint64_t i = 1; i <= 500; ++i) entries.push_back(entry_of(i << 50, i));
  ASSERT_TRUE(IdIndex::write(storage, owner, entries));
  const auto index = IdIndex::open(storage, owner, std::make_shared<FilterBudget>(1u << 20));
  ASSERT_TRUE(index && *index);
  const auto file = ports::posix_file_system().open(storage.path(index_name(3)), ports::OpenMode::read_write);
  ASSERT_TRUE(file);
  const std::byte wrong[8] = {};
  ASSERT_TRUE((*file)->write_at(2 * 4096 + 16, wrong));
  IdEntries found;
  const auto looked_up = (*index)->find_all(entries[0].id_hash, found);
  ASSERT_FALSE(looked_up);
  EXPECT_EQ(looked_up.error().kind, ErrorKind::damaged);
  EXPECT_TRUE((*index)->bad());
}

}  // namespace
}  // namespace user_events::journal::test
