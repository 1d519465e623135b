#include "audit/index.h"

#include "audit_fixture.h"

namespace user_events::audit::test {
namespace {

using namespace std::chrono_literals;

class IndexTest : public AuditFixture {
 protected:
  IndexTest() {
    events_with_.segment_bytes = 64u << 10;
    auto journal = journal::Journal::open(disk_, clock_, random_, events_with_);
    if (!journal) throw std::runtime_error(describe(journal.error()));
    journal_ = *std::move(journal);
  }
  std::unique_ptr<Index> open() {
    auto index = Index::open(path(), *journal_, [](const journal::RecordView& record, std::string&) { return Terms{record.key, record.scope}; });
    if (!index) throw std::runtime_error(describe(index.error()));
    return *std::move(index);
  }
  std::string path() const { return folder_.path() + "/events.db"; }
  void add(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      clock_.advance(1s);
      const std::string id = "event-" + std::to_string(++events_), key = "user-" + std::to_string(events_ % 10), scope = events_ % 3 == 0 ? "service" : "other";
      journal::RecordDraft draft;
      draft.id = id;
      draft.type = events_ % 2 == 0 ? "user.created" : "user.loggedin";
      draft.key = key;
      draft.scope = scope;
      draft.payload = "p";
      ASSERT_TRUE(journal_->append_wait({&draft, 1}));
    }
  }
  static std::vector<std::uint64_t> found(Index& index, const IndexQuery& query) {
    std::vector<std::uint64_t> out;
    const auto entries = index.search(query);
    if (!entries) throw std::runtime_error(describe(entries.error()));
    for (const auto& entry : *entries) out.push_back(entry.sequence);
    return out;
  }
  using Numbers = std::vector<std::uint64_t>;
  std::unique_ptr<journal::Journal> journal_;
};

TEST_F(IndexTest, FindsByUserTypePrincipalAndNumbersNewestFirst) {
  add(100);
  const auto index = open();
  ASSERT_TRUE(index->wait_indexed(100, 30s));
  EXPECT_EQ(found(*index, {.users = {"user-7"}}), (Numbers{97, 87, 77, 67, 57, 47, 37, 27, 17, 7}));
  EXPECT_EQ(found(*index, {.users = {"user-7", "nobody"}, .limit = 2}), (Numbers{97, 87}));
  EXPECT_EQ(found(*index, {.users = {"user-7"}, .principal = "service"}), (Numbers{87, 57, 27}));
  EXPECT_EQ(found(*index, {.users = {"user-7"}, .types = {"user.created"}}), Numbers{});
  EXPECT_EQ(found(*index, {.types = {"user.created"}, .first = 90, .last = 95}), (Numbers{94, 92, 90}));
  EXPECT_EQ(found(*index, {.types = {"user.created", "user.loggedin"}, .limit = 3}), (Numbers{100, 99, 98}));
  EXPECT_EQ(found(*index, {.types = {"user.unknown"}}), Numbers{});
  EXPECT_EQ(found(*index, {.principal = "nobody"}), Numbers{});
  EXPECT_EQ(found(*index, {.limit = 2}), (Numbers{100, 99}));
  const auto entry = index->search({.users = {"user-7"}, .limit = 1})->front();
  EXPECT_EQ(entry.id, "event-97");
  EXPECT_EQ(entry.type, "user.loggedin");
  EXPECT_EQ(entry.principal, "other");
  EXPECT_EQ(entry.accepted_ms, clock_.unix_ms() - 3'000);
}

TEST_F(IndexTest, FollowsTheJournalAndGoesOnAfterARestart) {
  {
    const auto index = open();
    add(20);
    ASSERT_TRUE(index->wait_indexed(20, 30s));
  }
  add(20);
  const auto index = open();
  ASSERT_TRUE(index->wait_indexed(40, 30s));
  EXPECT_EQ(found(*index, {.users = {"user-3"}}), (Numbers{33, 23, 13, 3}));
}

TEST_F(IndexTest, ADamagedFileOrOneOfAnotherJournalIsMadeAnew) {
  add(20);
  { ASSERT_TRUE(open()->wait_indexed(20, 30s)); }
  std::ofstream(path(), std::ios::trunc) << std::string(8'192, 'x');
  EXPECT_TRUE(open()->wait_indexed(20, 30s));
  journal_.reset();
  events_with_.directory = "/data/other";
  journal_ = *journal::Journal::open(disk_, clock_, random_, events_with_);
  add(3);
  const auto index = open();
  ASSERT_TRUE(index->wait_indexed(3, 30s));
  EXPECT_EQ(found(*index, {}), (Numbers{3, 2, 1}));
}

TEST_F(IndexTest, WhatRetentionRemovedIsNotFound) {
  add(2'000);
  const auto index = open();
  ASSERT_TRUE(index->wait_indexed(2'000, 30s));
  journal_->set_needed_after(2'000);
  clock_.advance(11h);
  ASSERT_TRUE(*journal_->apply_retention() > 0);
  const auto first = journal_->stats().first_sequence;
  for (const auto sequence : found(*index, {.users = {"user-7"}, .limit = 1'000})) EXPECT_GE(sequence, first);
}

}  // namespace
}  // namespace user_events::audit::test
