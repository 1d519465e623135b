#include "cli/new_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/temporary_directory.h"

namespace user_events::cli {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(NewFile, IsWrittenWithItsFolders) {
  const test::TemporaryDirectory folder;
  const fs::path path = fs::path(folder.path()) / "a/b.json";
  ASSERT_TRUE(write_new_file(path.string(), "text"));
  EXPECT_EQ(content(path), "text");
}

TEST(NewFile, NeverReplacesWhatIsThere) {
  const test::TemporaryDirectory folder;
  const fs::path root = folder.path();
  std::ofstream(root / "mine") << "mine";
  fs::create_symlink(root / "elsewhere", root / "link");
  fs::create_directory(root / "folder");
  for (const char* name : {"mine", "link", "folder"}) {
    const auto done = write_new_file((root / name).string(), "theirs");
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().code, "file-exists") << name;
  }
  EXPECT_EQ(content(root / "mine"), "mine");
  EXPECT_FALSE(fs::exists(root / "elsewhere")) << "a link is not followed";
}

TEST(NewFile, SaysWhyItCannotBeWritten) {
  const test::TemporaryDirectory folder;
  const fs::path root = folder.path();
  std::ofstream(root / "file") << "";
  const auto done = write_new_file((root / "file/x.json").string(), "text");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "file-unwritable");
  EXPECT_EQ(write_new_file("/dev/full/x", "text").error().code, "file-unwritable");
}

}  // namespace
}  // namespace user_events::cli
