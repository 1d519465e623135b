#include "state/state.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/tree_picture.h"

namespace user_events::state {
namespace {

namespace fs = std::filesystem;

class StateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ue-state-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/state.db";
    open();
  }
  void TearDown() override {
    state_.reset();
    fs::remove_all(folder_);
  }
  void open() {
    state_.reset();
    auto opened = State::open(path_);
    ASSERT_TRUE(opened) << describe(opened.error());
    state_ = std::move(*opened);
  }
  static DeadLetter letter(std::uint64_t sequence, const std::string& key, bool head = true) {
    return {sequence, head, "id-" + std::to_string(sequence), "user.created", key, "too large", 1'000, std::string("pay\0load", 8)};
  }

  std::string folder_, path_;
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
  const SavedPosition saved{"journal-1", 41, {{43, 44}, {50, 1'000'000}, {far, far + 1}}, std::string("re\0sume", 7)};
  ASSERT_TRUE(state_->save_position("kafka", {"journal-0", 7, {}, ""}));
  ASSERT_TRUE(state_->save_position("kafka", saved));
  ASSERT_TRUE(state_->save_position("file", {"journal-1", 0, {}, ""}));
  open();
  const auto position = state_->position("kafka");
  ASSERT_TRUE(position && *position);
  EXPECT_EQ((*position)->journal_id, "journal-1");
  EXPECT_EQ((*position)->low_water, 41u);
  EXPECT_EQ((*position)->acknowledged, saved.acknowledged);
  EXPECT_EQ((*position)->resume, saved.resume);
  EXPECT_EQ(*state_->destinations(), (std::vector<std::string>{"file", "kafka"}));
}

TEST_F(StateTest, DeadLettersSurviveReopeningAndComeInOrder) {
  ASSERT_TRUE(state_->store_dead_letters("kafka", {letter(9, "u1"), letter(11, "u1", false), letter(10, "u2")}));
  open();
  const auto letters = state_->dead_letters("kafka", 0, 10);
  ASSERT_TRUE(letters);
  ASSERT_EQ(letters->size(), 3u);
  EXPECT_EQ((*letters)[0].sequence, 9u);
  EXPECT_EQ((*letters)[1].sequence, 10u);
  EXPECT_EQ((*letters)[2].sequence, 11u);
  EXPECT_FALSE((*letters)[2].head);
  EXPECT_EQ((*letters)[0].payload, std::string("pay\0load", 8));
  EXPECT_EQ((*letters)[0].reason, "too large");
  EXPECT_EQ(state_->dead_letters("kafka", 9, 1)->front().sequence, 10u);
  EXPECT_EQ(*state_->dead_letter_count("kafka"), 3u);
  EXPECT_EQ(*state_->dead_letter_count("file"), 0u);
}

TEST_F(StateTest, ALetterStoredTwiceIsThereOnce) {
  EXPECT_EQ(*state_->store_dead_letters("kafka", {letter(9, "u1")}), 1u);
  EXPECT_EQ(*state_->store_dead_letters("kafka", {letter(9, "u1", false), letter(10, "u1", false)}), 1u);
  EXPECT_EQ(*state_->dead_letter_count("kafka"), 2u);
  EXPECT_TRUE(state_->dead_letters("kafka", 0, 1)->front().head) << "the first stays as it was";
}

TEST_F(StateTest, AnotherEventUnderTheSameSequenceIsAnotherLetter) {
  auto other = letter(9, "u1");
  other.id = "after-a-restored-backup";
  ASSERT_TRUE(state_->store_dead_letters("kafka", {letter(9, "u1")}));
  ASSERT_TRUE(state_->store_dead_letters("kafka", {other}));
  EXPECT_EQ(*state_->dead_letter_count("kafka"), 2u);
}

TEST_F(StateTest, HeldKeysAreNamedOnceWithTheirFirstSequence) {
  ASSERT_TRUE(state_->store_dead_letters("kafka", {letter(9, "u1"), letter(11, "u1", false), letter(10, "u2")}));
  auto keys = *state_->held_keys("kafka");
  std::ranges::sort(keys, {}, &HeldKey::key);
  EXPECT_EQ(keys, (std::vector<HeldKey>{{"u1", 9}, {"u2", 10}}));
}

TEST_F(StateTest, RemovingADestinationForgetsItsPositionAndLettersOnly) {
  for (const char* name : {"kafka", "file"}) {
    ASSERT_TRUE(state_->save_position(name, {"j", 1, {}, ""}));
    ASSERT_TRUE(state_->store_dead_letters(name, {letter(9, "u1")}));
  }
  ASSERT_TRUE(state_->remove_destination("kafka"));
  EXPECT_EQ(*state_->destinations(), std::vector<std::string>{"file"});
  EXPECT_EQ(*state_->dead_letter_count("kafka"), 0u);
  EXPECT_EQ(*state_->dead_letter_count("file"), 1u);
}

TEST_F(StateTest, OnlyTheOwnerMayReadTheFiles) {
  ASSERT_TRUE(state_->save_position("kafka", {"j", 1, {}, ""}));
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
  ASSERT_TRUE(state_->save_position("kafka", {"j", 1, {{3, 4}}, ""}));
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
        ASSERT_TRUE(state_->save_position(name, {"j", i, {}, ""}));
        ASSERT_TRUE(state_->store_dead_letters(name, {letter(i, name)}));
        ASSERT_EQ((*state_->position(name))->low_water, i);
      }
    });
  threads.clear();
  EXPECT_EQ(state_->destinations()->size(), 4u);
  EXPECT_EQ(*state_->dead_letter_count("d3"), 20u);
}

// ---- reading only ----

TEST_F(StateTest, ReadingOnlyChangesNothing) {
  ASSERT_TRUE(state_->save_position("kafka", {"journal-1", 7, {}, ""}));
  state_.reset();
  const auto before = user_events::test::picture_of(folder_);
  auto reading = State::open_read_only(path_);
  ASSERT_TRUE(reading) << describe(reading.error());
  EXPECT_EQ(*(*reading)->destinations(), std::vector<std::string>{"kafka"});
  EXPECT_EQ((**(*reading)->position("kafka")).low_water, 7u);
  EXPECT_FALSE((*reading)->save_position("kafka", {"journal-1", 8, {}, ""}));
  reading->reset();
  EXPECT_EQ(user_events::test::picture_of(folder_), before);
}

TEST_F(StateTest, ReadingOnlySeesWhatAProcessThatDiedLeftInTheWal) {
  ASSERT_TRUE(state_->save_position("kafka", {"journal-1", 7, {}, ""}));
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
