// The operating system's file system keeps the promises of the port; so does its model in memory.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "ports/file_system.h"
#include "support/crash_file_system.h"
#include "support/temporary_directory.h"

namespace user_events::ports {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string read_text(const File& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  const auto got = file.read_at(offset, {reinterpret_cast<std::byte*>(text.data()), size});
  EXPECT_TRUE(got);
  text.resize(got.value_or(0));
  return text;
}

/// Runs on the real one and on the model.
class FileSystemTest : public ::testing::TestWithParam<bool> {
 protected:
  FileSystemTest() : files_(GetParam() ? posix_file_system() : model_), base_(directory_.path() + "/a/b") {
    EXPECT_TRUE(files_.create_directories(base_));
  }
  std::unique_ptr<File> create(const std::string& name) {
    auto file = files_.open(base_ + "/" + name, OpenMode::create_new);
    EXPECT_TRUE(file) << describe(file.error());
    return *std::move(file);
  }

  user_events::test::TemporaryDirectory directory_;
  user_events::test::CrashFileSystem model_;
  FileSystem& files_;
  std::string base_;
};

INSTANTIATE_TEST_SUITE_P(Each, FileSystemTest, ::testing::Values(true, false),
                         [](const auto& parameter) { return parameter.param ? "Posix" : "Model"; });

TEST_P(FileSystemTest, WritesAreReadBackAndReadsStopAtTheEnd) {
  const auto file = create("f");
  ASSERT_TRUE(file->write_at(3, bytes_of("hello")));
  ASSERT_TRUE(file->sync_data());
  EXPECT_EQ(*file->size(), 8u);
  EXPECT_EQ(read_text(*file, 3, 100), "hello");
  EXPECT_EQ(read_text(*file, 0, 4), std::string("\0\0\0h", 4));
  EXPECT_EQ(read_text(*file, 8, 4), "");
}

TEST_P(FileSystemTest, TruncateAndAllocateSetTheSize) {
  const auto file = create("f");
  ASSERT_TRUE(file->write_at(0, bytes_of("hello")));
  ASSERT_TRUE(file->allocate(10'000));
  EXPECT_EQ(*file->size(), 10'000u);
  EXPECT_EQ(read_text(*file, 0, 5), "hello");
  EXPECT_EQ(read_text(*file, 9'999, 5), std::string(1, '\0'));
  ASSERT_TRUE(file->allocate(100));
  EXPECT_EQ(*file->size(), 10'000u);
  ASSERT_TRUE(file->truncate(2));
  EXPECT_EQ(read_text(*file, 0, 100), "he");
}

TEST_P(FileSystemTest, OpenModesAreKept) {
  EXPECT_EQ(files_.open(base_ + "/f", OpenMode::read).error().kind, ErrorKind::not_found);
  EXPECT_EQ(files_.open(base_ + "/f", OpenMode::read_write).error().kind, ErrorKind::not_found);
  create("f");
  EXPECT_FALSE(files_.open(base_ + "/f", OpenMode::create_new));
  EXPECT_TRUE(files_.open(base_ + "/f", OpenMode::read));
}

TEST_P(FileSystemTest, NamesAreListedSortedRenamedAndRemoved) {
  create("b");
  create("a");
  EXPECT_EQ(*files_.list(base_), (std::vector<std::string>{"a", "b"}));
  ASSERT_TRUE(files_.rename(base_ + "/b", base_ + "/c"));
  ASSERT_TRUE(files_.remove(base_ + "/a"));
  ASSERT_TRUE(files_.sync_directory(base_));
  EXPECT_EQ(*files_.list(base_), (std::vector<std::string>{"c"}));
  EXPECT_TRUE(*files_.exists(base_ + "/c"));
  EXPECT_FALSE(*files_.exists(base_ + "/b"));
  EXPECT_FALSE(files_.remove(base_ + "/b"));
}

TEST_P(FileSystemTest, ALockKeepsOthersOutUntilItIsReleased) {
  auto lock = files_.lock(base_ + "/lock");
  ASSERT_TRUE(lock);
  const auto second = files_.lock(base_ + "/lock");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "data-directory-in-use");
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  lock->reset();
  EXPECT_TRUE(files_.lock(base_ + "/lock"));
}

TEST_P(FileSystemTest, IdentityLastsOverARenameAndDiffersForAnotherFile) {
  create("f");
  const std::string identity = *files_.identity(base_ + "/f");
  EXPECT_EQ(*files_.identity(base_ + "/f"), identity);
  ASSERT_TRUE(files_.rename(base_ + "/f", base_ + "/g"));
  EXPECT_EQ(*files_.identity(base_ + "/g"), identity);
  create("f");
  EXPECT_NE(*files_.identity(base_ + "/f"), identity);
}

TEST(PosixFileSystem, FilesAndDirectoriesAreForTheirOwnerOnly) {
  const user_events::test::TemporaryDirectory directory;
  FileSystem& files = posix_file_system();
  ASSERT_TRUE(files.create_directories(directory.path() + "/x/y"));
  ASSERT_TRUE(files.open(directory.path() + "/x/y/f", OpenMode::create_new));
  struct stat status{};
  ASSERT_EQ(::stat((directory.path() + "/x/y/f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  ASSERT_EQ(::stat((directory.path() + "/x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST(PosixFileSystem, AFullDiskIsFullAndOtherErrorsAreNot) {
  FileSystem& files = posix_file_system();
  const auto full = files.open("/dev/full", OpenMode::read_write);
  ASSERT_TRUE(full);
  const auto written = (*full)->write_at(0, bytes_of("hello"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::full);
  EXPECT_FALSE(written.error().hint.empty());
  EXPECT_EQ(files.create_directories("/dev/null/x").error().kind, ErrorKind::io);
}

TEST(CrashModel, KeepsWhatWasSyncedAndMayLoseTheRest) {
  bool lost = false, kept = false, torn = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    user_events::test::CrashFileSystem files;
    ASSERT_TRUE(files.create_directories("/d"));
    auto file = files.open("/d/f", OpenMode::create_new);
    ASSERT_TRUE((*file)->write_at(0, bytes_of(std::string(1'024, 'a'))));
    ASSERT_TRUE((*file)->sync_data());
    ASSERT_TRUE(files.sync_directory("/d"));
    ASSERT_TRUE((*file)->write_at(1'024, bytes_of(std::string(1'024, 'b'))));
    const auto after = files.after_power_cut(seed);
    const auto content = after->content("/d/f");
    ASSERT_GE(content.size(), 1'024u);
    for (std::size_t i = 0; i < 1'024; ++i) ASSERT_EQ(content[i], std::byte{'a'});
    lost = lost || content.size() == 1'024;
    kept = kept ||
           (content.size() == 2'048 && content[1'024] == std::byte{'b'} && content[2'047] == std::byte{'b'});
    torn = torn || (content.size() == 2'048 && content[1'024] == std::byte{0});
  }
  EXPECT_TRUE(lost && kept && torn);
}

TEST(CrashModel, ANameIsNotDurableBeforeItsDirectoryIsSynced) {
  bool lost = false, kept = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    user_events::test::CrashFileSystem files;
    ASSERT_TRUE(files.create_directories("/d"));
    auto file = files.open("/d/f", OpenMode::create_new);
    ASSERT_TRUE((*file)->write_at(0, bytes_of("x")));
    ASSERT_TRUE((*file)->sync_data());
    const bool there = *files.after_power_cut(seed)->exists("/d/f");
    lost = lost || !there;
    kept = kept || there;
  }
  EXPECT_TRUE(lost && kept);
}

TEST(CrashModel, AFailedSyncsWritesNeverBecomeDurable) {
  user_events::test::CrashFileSystem files;
  ASSERT_TRUE(files.create_directories("/d"));
  auto file = files.open("/d/f", OpenMode::create_new);
  ASSERT_TRUE(files.sync_directory("/d"));
  ASSERT_TRUE((*file)->write_at(0, bytes_of("x")));
  files.drop_unsynced("/d/f");
  ASSERT_TRUE((*file)->sync_data());
  EXPECT_EQ(read_text(**file, 0, 1), "x");
  EXPECT_TRUE(files.after_power_cut(1)->content("/d/f").empty());
}

TEST(PosixFileSystem, SharedLocksExcludeOnlyTheExclusiveOneAndCreateNothing) {
  const user_events::test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/lock";
  FileSystem& files = posix_file_system();
  const auto missing = files.lock_shared(path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_FALSE(*files.exists(path));
  {
    const auto exclusive = files.lock(path);
    ASSERT_TRUE(exclusive);
    EXPECT_FALSE(files.lock_shared(path));
  }
  const auto first = files.lock_shared(path);
  const auto second = files.lock_shared(path);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(files.lock(path));
}

}  // namespace
}  // namespace user_events::ports
