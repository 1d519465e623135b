// Which journal it is: after a restart, a crash, a copy, a restored backup.
#include <algorithm>

#include "crash_disk_fixture.h"
#include "journal/format.h"

namespace user_events::journal::test {
namespace {

class IdentityTest : public CrashDiskTest {};

TEST_F(IdentityTest, TheJournalsIdAndSecretLast) {
  auto journal = open();
  const std::string id = journal->id();
  const std::vector<std::byte> secret(journal->secret().begin(), journal->secret().end());
  EXPECT_EQ(id.size(), 35u);
  EXPECT_NE(std::count(secret.begin(), secret.end(), std::byte{0}), 32);
  journal.reset();
  journal = open();
  EXPECT_EQ(journal->id(), id);
  EXPECT_TRUE(std::equal(secret.begin(), secret.end(), journal->secret().begin()));
}

TEST_F(IdentityTest, ACopyOfTheDirectoryBeginsANewEpochAndKeepsItsRecordsAndSecret) {
  std::string id;
  std::vector<std::byte> secret;
  {
    const auto journal = open();
    ASSERT_TRUE(append(*journal, {with_caller_id("a")}));
    id = journal->id();
    secret.assign(journal->secret().begin(), journal->secret().end());
  }
  const auto copied_disk = disk_.copy();
  std::string copied_id;
  {
    const auto journal = open(*copied_disk);
    copied_id = journal->id();
    EXPECT_NE(copied_id, id);
    EXPECT_EQ(copied_id.substr(0, 26), id.substr(0, 26));
    EXPECT_TRUE(std::equal(secret.begin(), secret.end(), journal->secret().begin()));
    const auto receipts = append(*journal, {with_caller_id("a"), numbered(2)});
    ASSERT_TRUE(receipts);
    EXPECT_TRUE((*receipts)[0].duplicate);
    EXPECT_EQ((*receipts)[1].sequence, 2u);
    EXPECT_TRUE(journal->verify());
  }
  EXPECT_EQ(open(*copied_disk)->id(), copied_id);
  const auto second_copy = disk_.copy();
  EXPECT_NE(open(*second_copy)->id(), copied_id);
  EXPECT_EQ(open()->id(), id);
}

/// Puts back what the backup holds, into the files that are there, as `cp` does.
void restore_in_place(CrashFileSystem& disk, CrashFileSystem& backup) {
  const std::vector<std::string> there = disk.list("/data/journal").value();
  const std::vector<std::string> kept = backup.list("/data/journal").value();
  for (const std::string& name : there)
    if (std::ranges::find(kept, name) == kept.end()) static_cast<void>(disk.remove("/data/journal/" + name));
  for (const std::string& name : kept)
    disk.set_content("/data/journal/" + name, backup.content("/data/journal/" + name));
}

TEST_F(IdentityTest, ABackupRestoredInPlaceBeginsANewEpoch) {
  for (const bool while_open : {false, true}) {
    auto journal = open();
    const std::string id = journal->id();
    ASSERT_TRUE(append_numbered(*journal, 1, 2));
    if (!while_open) journal.reset();
    const auto backup = disk_.copy();
    journal.reset();
    if (!while_open) {
      journal = open();
      EXPECT_EQ(journal->id(), id);
      ASSERT_TRUE(append_numbered(*journal, 3, 2));
      journal.reset();
    }
    restore_in_place(disk_, *backup);
    EXPECT_NE(open()->id(), id) << while_open;
  }
}

TEST_F(IdentityTest, ACrashBeginsNoNewEpoch) {
  std::string id;
  std::unique_ptr<CrashFileSystem> crashed;
  {
    const auto journal = open();
    id = journal->id();
    ASSERT_TRUE(append_numbered(*journal, 1, 2));
    crashed = disk_.after_power_cut(1);
  }
  for (std::uint64_t sync = 1; sync <= 6; ++sync) {  // also one in the middle of a start
    crashed->cut_power_at_sync(sync, sync);
    static_cast<void>(Journal::open(*crashed, clock_, random_, options_));
    crashed = crashed->after_power_cut(sync);
    EXPECT_EQ(open(*crashed)->id(), id) << sync;
  }
}

}  // namespace
}  // namespace user_events::journal::test
