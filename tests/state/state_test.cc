#include "state/state.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/temporary_directory.h"
#include "support/tree_picture.h"

namespace user_events::state {
namespace {

namespace fs = std::filesystem;

class StateTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    state_.reset();
    auto opened = State::open(path_);
    ASSERT_TRUE(opened) << describe(opened.error());
    state_ = std::move(*opened);
  }
  static Letter letter(std::uint64_t sequence, const std::string& key, LetterState state = LetterState::dead) {
    Letter one;
    one.state = state;
    one.in_line = state != LetterState::skipped;
    one.journal_id = "j";
    one.sequence = sequence;
    one.id = "id-" + std::to_string(sequence);
    one.type = "user.created";
    one.key = key;
    one.reason = "too large";
    one.since_ms = 1'000;
    one.folded = 7;
    one.payload = std::string("pay\0load", 8);
    return one;
  }
  std::vector<Letter> letters(const DeadLetterFilter& filter = {}, std::uint64_t after = 0, std::size_t limit = 100) {
    std::vector<std::string> destinations;
    auto found = state_->letters(filter, after, limit, destinations);
    EXPECT_TRUE(found) << describe(found.error());
    return found ? *std::move(found) : std::vector<Letter>{};
  }
  std::vector<std::uint64_t> sequences(const DeadLetterFilter& filter) {
    std::vector<std::uint64_t> out;
    for (const auto& one : letters(filter)) out.push_back(one.sequence);
    return out;
  }
  std::uint64_t count(std::string_view destination) { return state_->letter_counts(destination)->total(); }

  const user_events::test::TemporaryDirectory directory_;
  const std::string folder_ = directory_.path(), path_ = folder_ + "/state.db";
  std::unique_ptr<State> state_;
};

TEST_F(StateTest, ANewDestinationHasNoPosition) {
  const auto position = state_->position("kafka");
  ASSERT_TRUE(position);
  EXPECT_FALSE(position->has_value());
  EXPECT_TRUE(state_->destinations()->empty());
}

TEST_F(StateTest, APositionSurvivesReopening) {
  const std::uint64_t far = 1ull << 40;
  const SavedPosition saved{"journal-1", 41, {{43, 44}, {50, 1'000'000}, {far, far + 1}}, std::string("re\0sume", 7), 40, 2};
  ASSERT_TRUE(state_->save_position("kafka", {"journal-0", 7, {}, "", 0, 0}));
  ASSERT_TRUE(state_->save_position("kafka", saved));
  ASSERT_TRUE(state_->save_position("file", {"journal-1", 0, {}, "", 0, 0}));
  open();
  const auto position = state_->position("kafka");
  ASSERT_TRUE(position && *position);
  EXPECT_EQ((*position)->journal_id, "journal-1");
  EXPECT_EQ((*position)->low_water, 41u);
  EXPECT_EQ((*position)->acknowledged, saved.acknowledged);
  EXPECT_EQ((*position)->resume, saved.resume);
  EXPECT_EQ((*position)->replay_until, 40u);
  EXPECT_EQ((*position)->replay, 2u);
  EXPECT_EQ(*state_->destinations(), (std::vector<std::string>{"file", "kafka"}));
}

TEST_F(StateTest, LettersSurviveReopeningWithTheirNumbers) {
  ASSERT_TRUE(state_->store_letters("kafka", {letter(9, "u1"), letter(11, "u1", LetterState::held), letter(10, "u2")}));
  open();
  const auto found = letters();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[1].number, 2u);
  EXPECT_EQ(found[1].sequence, 11u);
  EXPECT_EQ(found[1].state, LetterState::held);
  EXPECT_EQ(found[0].journal_id, "j");
  EXPECT_EQ(found[0].reason, "too large");
  EXPECT_EQ(found[0].folded, 7u);
  EXPECT_EQ((*state_->letter(1))->second.payload, std::string("pay\0load", 8));
  EXPECT_EQ((*state_->letter(1))->first, "kafka");
  EXPECT_FALSE(*state_->letter(99));
  EXPECT_EQ(letters({}, 1, 1).front().number, 2u);
  EXPECT_EQ(count("kafka"), 3u);
  EXPECT_EQ(count("file"), 0u);
}

TEST_F(StateTest, ALetterStoredTwiceIsThereOnce) {
  EXPECT_EQ(*state_->store_letters("kafka", {letter(9, "u1")}), 1u);
  EXPECT_EQ(*state_->store_letters("kafka", {letter(9, "u1", LetterState::held), letter(10, "u1", LetterState::held)}), 1u);
  EXPECT_EQ(count("kafka"), 2u);
  EXPECT_EQ(letters().front().state, LetterState::dead) << "the first stays as it was";
}

TEST_F(StateTest, AnotherEventUnderTheSameSequenceIsAnotherLetter) {
  auto other = letter(9, "u1"), of_another_journal = letter(9, "u1");
  other.id = "after-a-restored-backup";
  of_another_journal.journal_id = "j2";
  ASSERT_TRUE(state_->store_letters("kafka", {letter(9, "u1")}));
  ASSERT_TRUE(state_->store_letters("kafka", {other, of_another_journal}));
  EXPECT_EQ(count("kafka"), 3u);
}

TEST_F(StateTest, HeldKeysAreNamedOnceWithTheirFirstSequence) {
  ASSERT_TRUE(state_->store_letters("kafka", {letter(11, "u1", LetterState::held), letter(9, "u1"), letter(10, "u2", LetterState::parked),
                                              letter(12, "u2", LetterState::held), letter(8, "u3", LetterState::skipped)}));
  auto keys = *state_->held_keys("kafka", "j");
  std::ranges::sort(keys, {}, &HeldKey::key);
  EXPECT_EQ(keys, (std::vector<HeldKey>{{"u1", 9, false}, {"u2", 10, true}})) << "u3 waits for nothing";
  EXPECT_EQ(state_->held_keys("kafka", "another")->front().first_sequence, 0u);
}

TEST_F(StateTest, LinesGoByJournalAndSequenceNotByWhenTheyWereStored) {
  auto later_journal = letter(3, "u1", LetterState::held);
  later_journal.journal_id = "k";
  ASSERT_TRUE(state_->store_letters("d", {letter(7, "u1", LetterState::held), later_journal, letter(5, "u1", LetterState::held)}));
  std::vector<std::uint64_t> order;
  while (const auto first = *state_->first_in_line("d", "u1")) {
    order.push_back(first->sequence);
    const LetterEnd end{first->number, LetterEnd::Kind::delivered, {}, 0, true, false};
    ASSERT_TRUE(state_->settle("d", {&end, 1}, 0));
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{5, 7, 3}));
}

TEST_F(StateTest, AFilterNamesLettersByEveryCondition) {
  auto old = letter(1, "u1"), other_type = letter(2, "u1", LetterState::held), other_reason = letter(3, "u2");
  old.since_ms = 10;
  other_type.type = "user.login.failed";
  other_reason.reason = "Record TOO big";
  ASSERT_TRUE(state_->store_letters("d", {old, other_type, other_reason}));
  ASSERT_TRUE(state_->store_letters("e", {letter(4, "u1")}));
  using Sequences = std::vector<std::uint64_t>;
  EXPECT_EQ(sequences({}), (Sequences{1, 2, 3, 4}));
  EXPECT_EQ(sequences({.destination = "d"}), (Sequences{1, 2, 3}));
  EXPECT_EQ(sequences({.types = {"user.login.*"}}), (Sequences{2}));
  EXPECT_EQ(sequences({.types = {"user.*", "!user.login.*"}}), (Sequences{1, 3, 4}));
  EXPECT_EQ(sequences({.types = {"!user.created", "*"}}), (Sequences{2}));
  EXPECT_EQ(sequences({.user = "u2"}), (Sequences{3}));
  EXPECT_EQ(sequences({.since = Timestamp(std::chrono::milliseconds(1'000))}), (Sequences{2, 3, 4}));
  EXPECT_EQ(sequences({.until = Timestamp(std::chrono::milliseconds(1'000))}), (Sequences{1}));
  EXPECT_EQ(sequences({.reason = "too BIG"}), (Sequences{3}));
  EXPECT_EQ(sequences({.states = {LetterState::held}}), (Sequences{2}));
  EXPECT_EQ(sequences({.numbers = {1, 4}}), (Sequences{1, 4}));
  EXPECT_EQ(sequences({.destination = "d", .types = {"user.created"}, .user = "u1", .reason = "large"}), (Sequences{1}));
  std::vector<std::string> destinations;
  EXPECT_FALSE(state_->letters({.types = {"user..x"}}, 0, 1, destinations));
}

TEST_F(StateTest, AReplayTakesWhatIsDeadAndWhatWaitsForItUpToTheNextDeadOne) {
  ASSERT_TRUE(state_->store_letters("d", {letter(1, "u1"), letter(2, "u1", LetterState::held), letter(3, "u1"), letter(4, "u1", LetterState::held),
                                          letter(5, "u2", LetterState::skipped)}));
  const auto replay = *state_->start_replay("d", {.numbers = {1, 2, 5}}, {.rate = 7, .requested_by = "ada"}, 50);
  ASSERT_TRUE(replay);
  EXPECT_EQ(replay->total, 3u) << "1, 2 behind it, and 5; but 3 was not asked for, and 4 waits for it";
  EXPECT_EQ(replay->remaining, 3u);
  EXPECT_EQ(replay->state, "running");
  EXPECT_EQ(replay->rate, 7u);
  EXPECT_EQ(letters()[0].replays, 1u);
  EXPECT_EQ(letters()[1].replays, 0u) << "it comes for the first time";
  EXPECT_FALSE(*state_->start_replay("d", {.numbers = {1, 2, 5}}, {}, 51)) << "it is under way";
  open();
  const LetterEnd ends[] = {{1, LetterEnd::Kind::delivered, {}, 0, true, false}, {5, LetterEnd::Kind::dead, "again", 1, true, false}};
  ASSERT_TRUE(state_->settle("d", ends, 60));
  auto now = state_->replays(replay->number)->front();
  EXPECT_EQ(now.delivered, 1u);
  EXPECT_EQ(now.dead_again, 1u);
  EXPECT_EQ(now.remaining, 1u);
  EXPECT_EQ(letters({.numbers = {5}}).front().state, LetterState::skipped);
  const LetterEnd last{2, LetterEnd::Kind::delivered, {}, 0, true, false};
  ASSERT_TRUE(state_->settle("d", {&last, 1}, 70));
  now = state_->replays(replay->number)->front();
  EXPECT_EQ(now.state, "done");
  EXPECT_EQ(now.delivered, 2u);
}

TEST_F(StateTest, AReplayedLetterThatFailsAgainEndsTheReplayOfItsLine) {
  ASSERT_TRUE(state_->store_letters("d", {letter(1, "u1"), letter(2, "u1", LetterState::held)}));
  const auto replay = *state_->start_replay("d", {}, {}, 50);
  const LetterEnd end{1, LetterEnd::Kind::dead, "no again", 3, true, true};
  ASSERT_TRUE(state_->settle("d", {&end, 1}, 60));
  const auto now = state_->replays(replay->number)->front();
  EXPECT_EQ(now.state, "done");
  EXPECT_EQ(now.dead_again, 1u);
  const auto first = *state_->first_in_line("d", "u1");
  EXPECT_EQ(first->state, LetterState::dead);
  EXPECT_EQ(first->reason, "no again");
  EXPECT_EQ(first->attempts, 3u);
  EXPECT_TRUE(first->copy_due);
}

TEST_F(StateTest, ACancelledReplayLeavesWhatWasNotSentAsItWas) {
  ASSERT_TRUE(state_->store_letters("d", {letter(1, "u1"), letter(2, "u1", LetterState::held), letter(3, "u2", LetterState::skipped)}));
  const auto replay = *state_->start_replay("d", {}, {}, 50);
  ASSERT_TRUE(state_->cancel_replay(replay->number, 60));
  EXPECT_EQ(state_->replays(0)->front().state, "cancelled");
  const auto found = letters();
  EXPECT_EQ(found[0].state, LetterState::dead);
  EXPECT_EQ(found[1].state, LetterState::held);
  EXPECT_EQ(found[2].state, LetterState::skipped);
}

TEST_F(StateTest, WhatIsDiscardedStaysOnRecord) {
  ASSERT_TRUE(state_->store_letters("d", {letter(1, "u1"), letter(2, "u1", LetterState::held), letter(3, "u2")}));
  const auto discarded = *state_->discard("d", {.numbers = {1}}, {"test data", "ada", 99});
  EXPECT_EQ(discarded.letters, 1u);
  EXPECT_EQ(discarded.keys, std::vector<std::string>{"u1"});
  EXPECT_EQ((*state_->first_in_line("d", "u1"))->sequence, 2u);
  const auto found = *state_->find_event("d", "j", 1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found) << "on record as discarded";
  EXPECT_EQ(**state_->find_event("d", "j", 3), LetterState::dead);
  EXPECT_FALSE(*state_->find_event("d", "j", 4));
  open();
  const auto record = *state_->discarded({}, 0, 10);
  ASSERT_EQ(record.size(), 1u);
  EXPECT_EQ(record[0].number, 1u);
  EXPECT_EQ(record[0].destination, "d");
  EXPECT_EQ(record[0].journal_id, "j");
  EXPECT_EQ(record[0].sequence, 1u);
  EXPECT_EQ(record[0].event_id, "id-1");
  EXPECT_EQ(record[0].type, "user.created");
  EXPECT_EQ(record[0].cause, "too large");
  EXPECT_EQ(record[0].reason, "test data");
  EXPECT_EQ(record[0].by, "ada");
  EXPECT_EQ(record[0].at, Timestamp(std::chrono::milliseconds(99)));
}

TEST_F(StateTest, TheRecordOfWhatWasDiscardedIsPagedAndFiltered) {
  ASSERT_TRUE(state_->store_letters("d", {letter(1, "u1"), letter(2, "u2"), letter(3, "u3")}));
  ASSERT_TRUE(state_->store_letters("e", {letter(1, "u1")}));
  ASSERT_TRUE(state_->discard("e", {}, {"out of service", "ada", 2'000}));
  ASSERT_TRUE(state_->discard("d", {.numbers = {3}}, {"test data", "bob", 3'000}));
  ASSERT_TRUE(state_->discard("d", {.numbers = {1}}, {"test data", "bob", 4'000}));
  const auto numbers = [&](const DeadLetterFilter& filter, std::uint64_t after = 0, std::size_t limit = 10) {
    std::vector<std::uint64_t> out;
    const auto found = state_->discarded(filter, after, limit);
    EXPECT_TRUE(found) << describe(found.error());
    for (const auto& one : *found) out.push_back(one.number);
    return out;
  };
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(numbers({}), (Numbers{1, 3, 4})) << "by number, not by when";
  EXPECT_EQ(numbers({}, 1, 1), Numbers{3});
  EXPECT_EQ(numbers({.destination = "e"}), Numbers{4});
  EXPECT_EQ(numbers({.numbers = {3, 2}}), Numbers{3});
  EXPECT_EQ(numbers({.types = {"user.*", "!user.created"}}), Numbers{});
  EXPECT_EQ(numbers({.reason = "TOO large"}), (Numbers{1, 3, 4}));
  EXPECT_EQ(numbers({.reason = "test data"}), Numbers{}) << "the cause is meant";
  EXPECT_EQ(numbers({.since = Timestamp(std::chrono::milliseconds(3'000))}), (Numbers{1, 3}));
  EXPECT_EQ(numbers({.until = Timestamp(std::chrono::milliseconds(3'000))}), Numbers{4});
  EXPECT_EQ(state_->discarded({.user = "u1"}, 0, 10).error().code, "discarded-filter");
  EXPECT_EQ(state_->discarded({.states = {LetterState::dead}}, 0, 10).error().code, "discarded-filter");
}

TEST_F(StateTest, GapsStayOnRecordGrowAndAreBounded) {
  using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  ASSERT_TRUE(state_->record_gap("d", "j", {.first = 5, .last = 9, .delivered = {{6, 8}}, .at_ms = 100, .reason = "r"}));
  ASSERT_TRUE(state_->record_gap("d", "j", {.first = 5, .last = 9, .delivered = {{6, 8}}, .at_ms = 150, .reason = "r"}));
  EXPECT_EQ(state_->gaps("d", "j")->at(0).at_ms, 100) << "told twice, it was found once";
  ASSERT_TRUE(state_->record_gap("d", "j", {.first = 10, .last = 12, .delivered = {{11, 12}}, .at_ms = 200, .reason = "r"}));
  ASSERT_TRUE(state_->record_gap("d", "j", {.first = 20, .last = 20, .at_ms = 300, .reason = "r"}));
  ASSERT_TRUE(state_->record_gap("e", "j", {.first = 1, .last = 2, .at_ms = 1, .reason = "r"}));
  open();
  auto gaps = *state_->gaps("d", "j");
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[0].first, 5u);
  EXPECT_EQ(gaps[0].last, 12u);
  EXPECT_EQ(gaps[0].delivered, (Ranges{{6, 8}, {11, 12}}));
  EXPECT_EQ(gaps[0].at_ms, 200);
  EXPECT_EQ(gaps[0].events(), 5u);
  for (const std::uint64_t lost : {5, 8, 9, 10, 12}) EXPECT_TRUE(gaps[0].covers(lost)) << lost;
  for (const std::uint64_t had : {4, 6, 7, 11, 13}) EXPECT_FALSE(gaps[0].covers(had)) << had;
  EXPECT_TRUE(state_->gaps("d", "another")->empty()) << "numbers of another journal say nothing";
  ASSERT_TRUE(state_->record_gap("d", "j", {.first = 4, .last = 25, .at_ms = 400, .reason = "r"}));
  EXPECT_EQ(state_->gaps("d", "j")->size(), 1u) << "it takes the place of what lies in it";
  ASSERT_TRUE(state_->record_gap("e", "j", {.first = 75, .last = 200, .delivered = {{100, 110}}, .at_ms = 500, .reason = "r"}));
  ASSERT_TRUE(state_->record_gap("e", "j", {.first = 11, .last = 200, .delivered = {{20, 30}, {75, 201}}, .at_ms = 600, .reason = "r"}));
  gaps = *state_->gaps("e", "j");
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[1].delivered, (Ranges{{20, 30}, {100, 110}})) << "what was lost once is not delivered because it counts as done";
  EXPECT_EQ(gaps[1].events(), 170u);
  for (std::uint64_t at = 100; at < 200; at += 2) ASSERT_TRUE(state_->record_gap("d", "j", {.first = at, .last = at, .at_ms = 1, .reason = "r"}));
  gaps = *state_->gaps("d", "j");
  EXPECT_EQ(gaps.size(), static_cast<std::size_t>(kGapsKept));
  EXPECT_EQ(gaps.back().first, 198u);
  ASSERT_TRUE(state_->remove_destination("d"));
  EXPECT_TRUE(state_->gaps("d", "j")->empty());
  EXPECT_EQ(state_->gaps("e", "j")->size(), 2u);
}

TEST_F(StateTest, PausingSurvivesReopening) {
  ASSERT_TRUE(state_->set_paused("d", true));
  open();
  EXPECT_TRUE(*state_->is_paused("d"));
  EXPECT_FALSE(*state_->is_paused("e"));
  ASSERT_TRUE(state_->set_paused("d", false));
  EXPECT_FALSE(*state_->is_paused("d"));
}

TEST_F(StateTest, AFileOfTheFirstVersionIsBroughtUpToDate) {
  state_.reset();
  fs::remove(path_);
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, R"(
    CREATE TABLE position (destination TEXT PRIMARY KEY, journal_id TEXT NOT NULL, low_water INTEGER NOT NULL,
      acknowledged BLOB NOT NULL, resume BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE dead_letter (destination TEXT NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, head INTEGER NOT NULL, type TEXT NOT NULL,
      key BLOB NOT NULL, reason TEXT NOT NULL, since_ms INTEGER NOT NULL, payload BLOB NOT NULL);
    INSERT INTO position VALUES ('d', 'j', 9, x'', x'');
    INSERT INTO dead_letter VALUES ('d', 5, 'a', 1, 'user.created', x'75', 'too large', 7, x'01'), ('d', 6, 'b', 0, 'user.created', x'75', 'waits', 8, x'02');
    PRAGMA user_version=1;)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto reading = State::open_read_only(path_);
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, "state-older");
  open();
  EXPECT_EQ((**state_->position("d")).low_water, 9u);
  const auto found = letters();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].state, LetterState::dead);
  EXPECT_EQ(found[0].sequence, 5u);
  EXPECT_EQ(found[0].journal_id, "j");
  EXPECT_EQ(found[1].state, LetterState::held);
}

TEST_F(StateTest, RemovingADestinationForgetsItsPositionAndLettersOnly) {
  for (const char* name : {"kafka", "file"}) {
    ASSERT_TRUE(state_->save_position(name, {"j", 1, {}, "", 0, 0}));
    ASSERT_TRUE(state_->store_letters(name, {letter(9, "u1")}));
  }
  ASSERT_TRUE(state_->remove_destination("kafka"));
  EXPECT_EQ(*state_->destinations(), std::vector<std::string>{"file"});
  EXPECT_EQ(count("kafka"), 0u);
  EXPECT_EQ(count("file"), 1u);
}

TEST_F(StateTest, OnlyTheOwnerMayReadTheFiles) {
  ASSERT_TRUE(state_->save_position("kafka", {"j", 1, {}, "", 0, 0}));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(StateTest, AFileThatIsNoDatabaseIsReportedAsDamaged) {
  state_.reset();
  std::ofstream(path_, std::ios::trunc) << std::string(8192, 'x');
  fs::remove(path_ + "-wal");
  const auto opened = State::open(path_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::damaged);
  EXPECT_NE(opened.error().message.find(path_), std::string::npos);
}

TEST_F(StateTest, AFileOfANewerVersionIsRefused) {
  state_.reset();
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "PRAGMA user_version=99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto opened = State::open(path_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "state-newer");
}

TEST_F(StateTest, AMissingFolderIsAnErrorThatNamesThePath) {
  const auto opened = State::open(folder_ + "/none/state.db");
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("/none/state.db"), std::string::npos);
}

TEST_F(StateTest, ADamagedPositionIsReportedNotGuessed) {
  ASSERT_TRUE(state_->save_position("kafka", {"j", 1, {{3, 4}}, "", 0, 0}));
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "UPDATE position SET acknowledged = x'0180'", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto position = state_->position("kafka");
  ASSERT_FALSE(position);
  EXPECT_EQ(position.error().kind, ErrorKind::damaged);
}

TEST_F(StateTest, ThreadsMayUseItAtOnce) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const std::string name = "d" + std::to_string(t);
      for (std::uint64_t i = 1; i <= 20; ++i) {
        ASSERT_TRUE(state_->save_position(name, {"j", i, {}, "", 0, 0}));
        ASSERT_TRUE(state_->store_letters(name, {letter(i, name)}));
        ASSERT_EQ((*state_->position(name))->low_water, i);
      }
    });
  threads.clear();
  EXPECT_EQ(state_->destinations()->size(), 4u);
  EXPECT_EQ(count("d3"), 20u);
}

// ---- reading only ----

TEST_F(StateTest, ReadingOnlyChangesNothing) {
  ASSERT_TRUE(state_->save_position("kafka", {"journal-1", 7, {}, "", 0, 0}));
  state_.reset();
  const auto before = user_events::test::picture_of(folder_);
  auto reading = State::open_read_only(path_);
  ASSERT_TRUE(reading) << describe(reading.error());
  EXPECT_EQ(*(*reading)->destinations(), std::vector<std::string>{"kafka"});
  EXPECT_EQ((**(*reading)->position("kafka")).low_water, 7u);
  EXPECT_FALSE((*reading)->save_position("kafka", {"journal-1", 8, {}, "", 0, 0}));
  reading->reset();
  EXPECT_EQ(user_events::test::picture_of(folder_), before);
}

TEST_F(StateTest, ReadingOnlySeesWhatAProcessThatDiedLeftInTheWal) {
  ASSERT_TRUE(state_->save_position("kafka", {"journal-1", 7, {}, "", 0, 0}));
  const std::string died = folder_ + "/100% died?", temporary = folder_ + "/tmp";
  fs::create_directory(died);
  fs::create_directory(temporary);
  for (const char* name : {"/state.db", "/state.db-wal"}) fs::copy_file(folder_ + name, died + name);
  state_.reset();
  ASSERT_GT(fs::file_size(died + "/state.db-wal"), 0u);
  const auto before = user_events::test::picture_of(died);
  ::setenv("TMPDIR", temporary.c_str(), 1);
  auto reading = State::open_read_only(died + "/state.db");
  ::unsetenv("TMPDIR");
  ASSERT_TRUE(reading) << describe(reading.error());
  EXPECT_TRUE(fs::is_empty(temporary));
  EXPECT_EQ((**(*reading)->position("kafka")).low_water, 7u);
  reading->reset();
  EXPECT_EQ(user_events::test::picture_of(died), before);
}

TEST_F(StateTest, ReadingOnlyWithoutAFileKnowsNoPositionsAndMakesNone) {
  const std::string nowhere = folder_ + "/nowhere.db";
  const auto reading = State::open_read_only(nowhere);
  ASSERT_TRUE(reading) << describe(reading.error());
  EXPECT_TRUE((*reading)->destinations()->empty());
  EXPECT_FALSE(fs::exists(nowhere));
  std::ofstream(nowhere).close();
  EXPECT_TRUE(State::open_read_only(nowhere)) << "an empty file has no tables";
  EXPECT_EQ(fs::file_size(nowhere), 0u);
}

}  // namespace
}  // namespace user_events::state
