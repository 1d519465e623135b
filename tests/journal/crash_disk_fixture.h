// A journal on the crash model of a disk, with small segments.
#pragma once

#include <thread>

#include "journal_fixture.h"
#include "support/crash_file_system.h"

namespace user_events::journal::test {

using user_events::test::CrashFileSystem;

class CrashDiskTest : public ::testing::Test {
 protected:
  CrashDiskTest() {
    options_.directory = "/data/journal";
    options_.segment_bytes = 64u << 10;
    options_.reserve_bytes = 0;
    options_.recent_frames_bytes = 0;
    options_.scrub_pause = std::chrono::milliseconds(0);
  }
  std::unique_ptr<Journal> open(ports::FileSystem& files) {
    auto opened = Journal::open(files, clock_, random_, options_);
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  std::unique_ptr<Journal> open() { return open(disk_); }
  static bool accepts_within(const Journal& journal, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!journal.stats().accepting && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return journal.stats().accepting;
  }

  CrashFileSystem disk_;
  user_events::test::TestClock clock_;
  user_events::test::SeededRandom random_{1};
  Options options_;
};

}  // namespace user_events::journal::test
