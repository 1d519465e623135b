#include "privacy/key_ring.h"

#include <set>

#include "ring_fixture.h"
#include "state/sqlite.h"

namespace user_events::privacy::test {
namespace {

using KeyRingTest = RingFixture;

TEST_F(KeyRingTest, ASubjectKeepsItsKeyAndNoTwoShareOne) {
  const auto ring = start();
  std::set<std::string> keys;
  for (std::uint64_t i = 0; i < 1'000; ++i) keys.insert(key_of(*ring, subject(i)));  // more than the cache and the pool hold
  EXPECT_EQ(keys.size(), 1'000u);
  for (std::uint64_t i = 0; i < 1'000; ++i) EXPECT_TRUE(keys.contains(key_of(*ring, subject(i)))) << i;
}

TEST_F(KeyRingTest, LinksAreKnownAtOnceAndAfterARestartAndGoWithTheirSubject) {
  {
    const auto ring = start();
    ring->note_link("ada@example.com", subject(1), true);
    ring->note_link("Ada@example.com", subject(2), false);
    ring->note_link("ada", subject(1), true);
    EXPECT_EQ(ring->links_of_identifier(ring->identifier("ada@example.com"))->size(), 2u);
  }
  const auto ring = start();
  const Identifier address = ring->identifier("ada@example.com"), name = ring->identifier("ada");
  const Link own{address, subject(1), true}, failed{address, subject(2), false}, other{name, subject(1), true};
  auto links = *ring->links_of_subject(subject(1)), both = std::vector{own, other};
  std::ranges::sort(links);
  std::ranges::sort(both);
  EXPECT_EQ(links, both);
  EXPECT_EQ(ring->identifier("Ada@Example.com"), ring->identifier("ada@example.COM"));
  EXPECT_NE(ring->identifier("ada@example.com"), ring->identifier("bob@example.com"));
  ASSERT_TRUE(ring->forget({{subject(1)}}));
  EXPECT_TRUE(ring->links_of_subject(subject(1))->empty());
  EXPECT_EQ(*ring->links_of_identifier(own.identifier), std::vector{failed});
}

/// Rows of links in the key store, as another process sees them.
std::int64_t links_in(const std::string& path, const char* sql = "SELECT count(*) FROM link") {
  auto connection = state::Connection::open(path, 1'024);
  std::int64_t count = -1;
  auto statement = connection->prepare(sql);
  const auto done = statement->each({}, [&](const state::Statement& row) { count = row.integer(0); });
  return done ? count : -1;
}

TEST_F(KeyRingTest, ALinkThatIsKnownIsNotNotedAgain) {
  const auto ring = start();
  ring->note_link("ada", subject(1), true);
  ASSERT_TRUE(ring->report());
  ASSERT_EQ(links_in(path("keys.db")), 1);
  links_in(path("keys.db"), "DELETE FROM link");
  ring->note_link("ada", subject(1), true);
  ASSERT_TRUE(ring->report());
  EXPECT_EQ(links_in(path("keys.db")), 0) << "it was written down a second time";
  ring->note_link("ada", subject(2), true);
  ring->note_link("ada", subject(1), false);
  ASSERT_TRUE(ring->report());
  EXPECT_EQ(links_in(path("keys.db")), 2) << "other links are other ones";
}

TEST_F(KeyRingTest, WhoComesBackAfterBeingForgottenIsLinkedAnew) {
  const auto ring = start();
  ring->note_link("ada", subject(1), true);
  key_of(*ring, subject(1));
  ASSERT_EQ(*ring->forget({{subject(1)}}), 1u);
  EXPECT_TRUE(ring->links_of_subject(subject(1))->empty());
  ring->note_link("ada", subject(1), true);
  EXPECT_EQ(ring->links_of_subject(subject(1))->size(), 1u);
}

TEST_F(KeyRingTest, ForgettingOneWritesNothingOfTheOthers) {
  auto ring = KeyRing::open(options(), clock_);  // without its thread, which writes in its own time
  ASSERT_TRUE(ring);
  for (std::uint64_t i = 1; i <= 100; ++i) (*ring)->note_link("name", subject(i), true);
  ASSERT_TRUE((*ring)->forget({{subject(1)}}));
  EXPECT_EQ(links_in(path("keys.db")), 0);
  EXPECT_EQ((*ring)->links_of_identifier((*ring)->identifier("name"))->size(), 99u) << "theirs are not lost";
}

TEST_F(KeyRingTest, KeysAreTheSameAfterARestart) {
  std::vector<std::string> keys;
  {
    const auto ring = start();
    for (std::uint64_t i = 0; i < 100; ++i) keys.push_back(key_of(*ring, subject(i)));
  }
  const auto ring = start();
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(key_of(*ring, subject(i)), keys[i]);
}

TEST_F(KeyRingTest, ADerivedKeyIsTheSameAfterARestartAndDiffersByLabel) {
  std::array<unsigned char, 16> first{}, again{}, other{};
  start()->derive("a", first);
  const auto ring = start();
  ring->derive("a", again);
  ring->derive("b", other);
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
}

// What a crash between a record and the writing down of its key leaves: the journal knows who has the key, the store does not yet.
TEST_F(KeyRingTest, AKeyOnRecordIsItsSubjectsAfterACrashAndIsGivenToNobodyElse) {
  KeyId id{};
  std::string key;
  {
    auto ring = start();
    key = key_of(*ring, subject(7), &id);
    // The store as it was before: nothing was written down.
    for (const char* suffix : {"", "-wal"}) std::filesystem::copy_file(path("keys.db") + suffix, path("before") + suffix);
  }
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path("keys.db") + suffix);
  for (const char* suffix : {"", "-wal"}) std::filesystem::copy_file(path("before") + suffix, path("keys.db") + suffix, std::filesystem::copy_options::overwrite_existing);

  auto opened = KeyRing::open(options(), clock_);
  ASSERT_TRUE(opened) << describe(opened.error());
  auto& ring = **opened;
  ASSERT_TRUE(ring.watermark());
  ASSERT_TRUE(ring.note_used(subject(7), id));
  ASSERT_TRUE(ring.end_recovery([] { return Watermark{}; }));
  EXPECT_EQ(key_of(ring, subject(7)), key);
  for (std::uint64_t i = 100; i < 200; ++i) EXPECT_NE(key_of(ring, subject(i)), key);
}

TEST_F(KeyRingTest, TheWatermarkNamesTheJournalAndHowFarItsKeysAreWrittenDown) {
  {
    const auto ring = start();
    (void)key_of(*ring, subject(1));
    durable_ = 41;
    ring->stop();
  }
  auto ring = KeyRing::open(options(), clock_);
  ASSERT_TRUE(ring);
  const auto mark = (*ring)->watermark();
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->journal_id, "journal");
  EXPECT_EQ(mark->sequence, 41u);
}

TEST_F(KeyRingTest, WhatIsForgottenCannotBeReadAndTheNextKeyIsAnother) {
  const auto ring = start();
  KeyId id{};
  const std::string key = key_of(*ring, subject(1), &id), other = key_of(*ring, subject(2));
  const std::vector<Subject> gone = {subject(1), subject(99)};
  const auto keys = ring->forget(gone);
  ASSERT_TRUE(keys) << describe(keys.error());
  EXPECT_EQ(*keys, 1u);
  LentKey lent;
  const auto found = ring->key_of(subject(1), id, lent);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "erased");
  EXPECT_NE(key_of(*ring, subject(1)), key);
  EXPECT_EQ(key_of(*ring, subject(2)), other);
}

TEST_F(KeyRingTest, AForgottenKeyIsInNoFileOfTheStoreAnyMore) {
  const auto ring = start();
  KeyId id{}, kept{};
  (void)key_of(*ring, subject(1), &id);
  (void)key_of(*ring, subject(2), &kept);
  ASSERT_TRUE(ring->report());  // writes down
  const auto holds = [&](const KeyId& what) {
    bool found = false;
    for (const char* suffix : {"", "-wal"}) found = found || read_file(path("keys.db") + suffix).find(text_of_key(what)) != std::string::npos;
    return found;
  };
  ASSERT_TRUE(holds(id));
  const std::vector<Subject> gone = {subject(1)};
  ASSERT_TRUE(ring->forget(gone));
  EXPECT_FALSE(holds(id));
  EXPECT_TRUE(holds(kept));
}

TEST_F(KeyRingTest, ANewEpochLeavesTheKeysAndMakesABackupOfTheStoreUseless) {
  std::vector<std::string> keys;
  auto ring = start();
  for (std::uint64_t i = 0; i < 50; ++i) keys.push_back(key_of(*ring, subject(i)));
  ring->stop();
  ring.reset();
  std::filesystem::copy_file(path("keys.db"), path("backup"));

  ring = start();
  ASSERT_TRUE(ring->rotate_epoch());
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(key_of(*ring, subject(i)), keys[i]);
  const auto report = ring->report();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->epoch, 2u);
  EXPECT_EQ(report->counts.users, 50u);
  ring.reset();
  {
    const auto again = start();
    for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(key_of(*again, subject(i)), keys[i]);
  }
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path("keys.db") + suffix);
  std::filesystem::copy_file(path("backup"), path("keys.db"), std::filesystem::copy_options::overwrite_existing);
  const auto restored = KeyRing::open(options(), clock_);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().kind, ErrorKind::damaged);
}

TEST_F(KeyRingTest, AnEpochThatIsOldEnoughEndsByItself) {
  auto given = options();
  given.epoch_age = std::chrono::hours(1);
  const auto ring = start(given);
  const std::string key = key_of(*ring, subject(1));
  clock_.advance(std::chrono::hours(2));
  std::uint32_t epoch = 1;
  for (int i = 0; i < 100 && epoch == 1; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    epoch = ring->report().value().epoch;
  }
  EXPECT_EQ(epoch, 2u);
  EXPECT_EQ(key_of(*ring, subject(1)), key);
}

TEST_F(KeyRingTest, AnotherMasterKeyTakesOverWithoutARestart) {
  auto ring = start();
  const std::string key = key_of(*ring, subject(1));
  const std::string before = ring->report().value().master_id;
  const std::string old = read_file(master_path());
  write_private(master_path(), std::string(64, 'b'));
  ASSERT_TRUE(ring->rotate_master());
  EXPECT_NE(ring->report().value().master_id, before);
  ring.reset();
  EXPECT_EQ(key_of(*start(), subject(1)), key);
  write_private(master_path(), old);
  const auto refused = KeyRing::open(options(), clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "master-key");
}

TEST_F(KeyRingTest, AnotherMasterKeyTakesOverAtAStartThatNamesTheFormer) {
  const std::string key = key_of(*start(), subject(1));
  std::filesystem::rename(master_path(), path("former"));
  write_private(master_path(), std::string(64, 'b'));
  auto given = options();
  ASSERT_FALSE(KeyRing::open(given, clock_));
  given.previous_master.file = path("former");
  EXPECT_EQ(key_of(*start(given), subject(1)), key);
  EXPECT_EQ(key_of(*start(), subject(1)), key) << "once is enough";
}

TEST_F(KeyRingTest, AStoreWithoutItsEpochFileIsNotOverwritten) {
  (void)start();
  std::filesystem::remove(path("keys.db.epoch"));
  const auto opened = KeyRing::open(options(), clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "epoch-file");
  EXPECT_FALSE(std::filesystem::exists(path("keys.db.epoch")));
}

TEST_F(KeyRingTest, ADamagedEpochFileIsReported) {
  (void)start();
  const std::string good = read_file(path("keys.db.epoch"));
  for (const std::string& bad : {std::string(), std::string("x"), good.substr(0, good.size() / 2), good.substr(0, good.rfind("epoch")), good + "epoch x\n"}) {
    write_private(path("keys.db.epoch"), bad);
    const auto opened = KeyRing::open(options(), clock_);
    ASSERT_FALSE(opened) << bad;
    EXPECT_EQ(opened.error().kind, ErrorKind::damaged) << describe(opened.error());
  }
}

TEST_F(KeyRingTest, WhoWaitsForAKeyWhenItStopsIsTold) {
  auto given = options();
  given.spare_keys = 1;
  const auto ring = start(given);
  ring->stop();
  LentKey key;
  Result<void> last;
  for (std::uint64_t i = 0; i < 5 && last; ++i) last = ring->key_for(subject(i), key);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().kind, ErrorKind::unavailable);
}

TEST_F(KeyRingTest, ManyThreadsGetTheSameKeysWhileOthersAreForgottenAndAnEpochEnds) {
  const auto ring = start();
  constexpr std::uint64_t kUsers = 200;
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < kUsers; ++i) keys.push_back(key_of(*ring, subject(i)));
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < 2'000; ++i) {
          if (key_of(*ring, subject(i % kUsers)) != keys[i % kUsers]) ++wrong;
          (void)key_of(*ring, subject(10'000 + i * 4 + static_cast<std::uint64_t>(t)));
        }
      });
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < 20; ++i) {
        const std::vector<Subject> gone = {subject(10'000 + i * 7)};
        if (!ring->forget(gone)) ++wrong;
      }
      if (!ring->rotate_epoch()) ++wrong;
    });
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace user_events::privacy::test
