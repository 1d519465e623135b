// A journal that is open for reading only leaves its directory exactly as it was.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "journal/format.h"
#include "journal_fixture.h"
#include "support/tree_picture.h"

namespace user_events::journal::test {
namespace {

namespace fs = std::filesystem;
using user_events::test::picture_of;

class ReadOnlyTest : public JournalTest {
 protected:
  /// Sealed segments with and without callers' ids, and an active one.
  void fill() {
    open();
    for (std::uint64_t n = 1; n <= 40; ++n) append(n, 1, 4'000);
    ASSERT_TRUE(journal::test::append(*journal_, {with_caller_id("a")}));
    close();
  }
  void open_read_only() {
    options_.read_only = true;
    open();
  }
  [[nodiscard]] std::string segment(std::uint64_t ordinal) const {
    return options_.directory + "/" + segment_name(ordinal);
  }
};

TEST_F(ReadOnlyTest, ItReadsFindsAndVerifiesAndChangesNothing) {
  fill();
  const auto before = picture_of(directory_.path());
  open_read_only();
  EXPECT_EQ(journal_->durable_sequence(), 41u);
  EXPECT_EQ(read_all(*journal_).records.size(), 41u);
  EXPECT_TRUE(journal_->find("", "a"));
  EXPECT_TRUE(journal_->verify());
  journal_->set_needed_after(41);
  clock_.advance(std::chrono::hours(24 * 365));
  EXPECT_EQ(*journal_->apply_retention(), 0u);
  EXPECT_FALSE(journal_->stats().accepting);
  close();
  EXPECT_EQ(picture_of(directory_.path()), before);
}

TEST_F(ReadOnlyTest, AppendIsRefused) {
  fill();
  open_read_only();
  const auto receipts = append_numbered(*journal_, 42, 1);
  ASSERT_FALSE(receipts);
  EXPECT_EQ(receipts.error().kind, ErrorKind::usage);
  EXPECT_EQ(receipts.error().code, "read-only");
}

TEST_F(ReadOnlyTest, WithoutAJournalItSaysSoAndMakesNone) {
  options_.read_only = true;
  for (const bool there : {false, true}) {
    if (there) fs::create_directory(options_.directory);
    const auto before = picture_of(directory_.path());
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::not_found);
    EXPECT_EQ(opened.error().code, "no-journal");
    EXPECT_EQ(picture_of(directory_.path()), before);
  }
}

TEST_F(ReadOnlyTest, ATornTailIsNeitherReadNorCutOff) {
  fill();
  const std::string newest = segment([&] {
    std::uint64_t ordinal = 1;
    while (fs::exists(segment(ordinal + 1))) ++ordinal;
    return ordinal;
  }());
  std::ofstream(newest, std::ios::app | std::ios::binary) << "torn";
  fs::remove(options_.directory + "/" + index_name(1));
  std::ofstream(options_.directory + "/epoch.tmp") << "left over";
  const auto before = picture_of(directory_.path());
  open_read_only();
  EXPECT_EQ(read_all(*journal_).records.size(), 41u);
  close();
  EXPECT_EQ(picture_of(directory_.path()), before);
}

TEST_F(ReadOnlyTest, ALostFooterIsReadOverAndNotMadeAgain) {
  fill();
  fs::resize_file(segment(1), fs::file_size(segment(1)) - kFooterBytes);
  const auto before = picture_of(directory_.path());
  open_read_only();
  EXPECT_EQ(read_all(*journal_).records.size(), 41u);
  close();
  EXPECT_EQ(picture_of(directory_.path()), before);
}

TEST_F(ReadOnlyTest, ACopyKeepsItsIdUntilItIsOpenedForWriting) {
  fill();
  open();
  const std::string id = journal_->id();
  close();
  fs::copy(options_.directory, directory_.path() + "/copy", fs::copy_options::recursive);
  options_.directory = directory_.path() + "/copy";
  open_read_only();
  EXPECT_EQ(journal_->id(), id);
  close();
  fs::remove(options_.directory + "/epoch");
  open_read_only();
  EXPECT_EQ(journal_->id(), id) << "the segments know their epoch, too";
  close();
  options_.read_only = false;
  open();
  EXPECT_NE(journal_->id(), id);
}

TEST_F(ReadOnlyTest, ReadersShareTheDirectoryButNotWithAWriter) {
  fill();
  open_read_only();
  const auto second = try_open();
  EXPECT_TRUE(second) << describe(second.error());
  options_.read_only = false;
  const auto writer = try_open();
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, "data-directory-in-use");
}

TEST_F(ReadOnlyTest, AWriterKeepsReadersOut) {
  open();
  options_.read_only = true;
  const auto reader = try_open();
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, "data-directory-in-use");
}

TEST_F(ReadOnlyTest, AUserWhoMayOnlyReadTheDirectoryCanReadTheJournal) {
  ASSERT_EQ(::geteuid(), 0u) << "needs the right to become another user: run it as root";
  fill();
  fs::permissions(directory_.path(), fs::perms(0755));
  fs::permissions(options_.directory, fs::perms(0755));
  for (const auto& entry : fs::directory_iterator(options_.directory))
    fs::permissions(entry, fs::perms(0644));
  options_.read_only = true;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr unsigned kNobody = 65'534;
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(2);
    const auto opened = try_open();
    ::_exit(opened && read_all(**opened).records.size() == 41 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace user_events::journal::test
