#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "line_support.h"
#include "support/temporary_directory.h"

namespace user_events::destinations::test {
namespace {

int syncs = 0, syncs_to_fail = 0;

}  // namespace
}  // namespace user_events::destinations::test

/// In place of libc's: syncs are counted, and fail on demand.
extern "C" int fdatasync(int file) {
  using namespace user_events::destinations::test;
  ++syncs;
  if (syncs_to_fail == 0) return static_cast<int>(::syscall(SYS_fdatasync, file));
  --syncs_to_fail;
  errno = EIO;
  return -1;
}

namespace user_events::destinations::test {
namespace {

namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    options_.name = "archive";
    options_.kind = "file";
    options_.topic = path_;
  }
  void open() {
    file_ = make(options_);
    ASSERT_TRUE(file_->start({}, "j", 0));
  }
  void send(std::uint64_t sequence, std::size_t bytes = 0) {
    ASSERT_EQ(file_->send(messages_.make(sequence, bytes)), SendStatus::queued) << sequence;
  }
  [[nodiscard]] std::string content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }

  user_events::test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/out.ndjson";
  DestinationOptions options_;
  Messages messages_{options_};
  Outcomes outcomes_;
  std::unique_ptr<Destination> file_;
};

TEST_F(FileTest, AnEventIsALineAndReportedOnceItIsThere) {
  open();
  send(1);
  send(2);
  outcomes_.poll(*file_, milliseconds(0));
  EXPECT_TRUE(outcomes_.by_sequence.empty()) << "a poll that does not wait leaves a few lines unsynced";
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 2u);
  const auto text = content();
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  EXPECT_NE(text.find("\"id\":\"event-1\""), std::string::npos);
  EXPECT_NE(text.find("\"sequence\":\"00000000000000000002\""), std::string::npos);
}

TEST_F(FileTest, WhatIsAcceptedWasSyncedAndASyncThatFailsIsCutBackAndComesAgain) {
  open();
  send(1);
  const int before = syncs;
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 1u);
  EXPECT_EQ(syncs, before + 1);
  const auto good = content();
  send(2);
  syncs_to_fail = 1;
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::retry), 1u);
  EXPECT_NE(outcomes_.last_reason.find("fdatasync"), std::string::npos) << outcomes_.last_reason;
  EXPECT_EQ(content(), good);
  EXPECT_EQ(file_->health().state, HealthState::down);
  std::this_thread::sleep_for(milliseconds(1'100));
  outcomes_.by_sequence.clear();
  send(2);
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 1u);
  EXPECT_EQ(std::ranges::count(content(), '\n'), 2);
}

TEST_F(FileTest, ManyUnsyncedLinesAreSyncedWithoutWaiting) {
  open();
  for (std::uint64_t i = 1; i <= 10'000; ++i) send(i);
  outcomes_.poll(*file_, milliseconds(0));
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 10'000u);
}

TEST_F(FileTest, PlainLinesHoldTypeTimestampAndDataOnly) {
  options_.format = "plain";
  open();
  send(7);
  outcomes_.poll(*file_);
  EXPECT_EQ(content(), "{\"type\":\"user.created\",\"timestamp\":\"2026-11-24T09:00:00.000Z\",\"data\":{\"n\":7,\"p\":\"\"}}\n");
}

TEST_F(FileTest, WhatIsThereIsKeptAndAppendedTo) {
  write("{\"old\":1}\n");
  options_.format = "plain";
  open();
  send(1);
  outcomes_.poll(*file_);
  EXPECT_TRUE(content().starts_with("{\"old\":1}\n{\"type\""));
}

TEST_F(FileTest, ATornLastLineIsCutOffAtStart) {
  for (const std::string& torn : {std::string("{\"id\":\"ev"), std::string(200'000, 'x')}) {
    write("{\"old\":1}\n" + torn);
    open();
    EXPECT_EQ(content(), "{\"old\":1}\n");
  }
  write("{\"id\":\"no line was ever whole");
  open();
  EXPECT_EQ(content(), "");
}

TEST_F(FileTest, ItIsReadableForItsOwnerOnly) {
  open();
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(FileTest, ARotatedFileIsOpenedAnew) {
  open();
  send(1);
  outcomes_.poll(*file_);
  fs::rename(path_, path_ + ".1");
  std::this_thread::sleep_for(milliseconds(1'100));
  send(2);
  outcomes_.poll(*file_);  // still into the old one, and then it looks
  send(3);
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 3u);
  const auto text = content();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_NE(text.find("event-3"), std::string::npos);
}

/// A limit on the size of files stands for a full disk: a write is cut short, the next one fails.
class SizeLimit {
 public:
  explicit SizeLimit(std::size_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { lift(); }
  void lift() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(FileTest, AWriteThatFailsHalfwayIsCutBackAndComesAgain) {
  open();
  send(1);
  outcomes_.poll(*file_);
  const auto good = content();
  SizeLimit limit(good.size() + 700);
  send(2);
  send(3, 2'000);
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::retry), 2u);
  EXPECT_NE(outcomes_.last_reason.find("write"), std::string::npos);
  EXPECT_EQ(content(), good) << "2 was written whole, but not acknowledged: it is cut off as well";
  EXPECT_EQ(file_->health().state, HealthState::down);
  EXPECT_NE(file_->health().detail.find(path_), std::string::npos);
  limit.lift();
  std::this_thread::sleep_for(milliseconds(1'100));
  outcomes_.by_sequence.clear();
  send(2);
  send(3, 2'000);
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 2u);
  EXPECT_EQ(file_->health().state, HealthState::up);
  EXPECT_EQ(std::ranges::count(content(), '\n'), 3);
}

TEST_F(FileTest, NothingIsTakenBetweenAFailureAndItsReport) {
  open();
  SizeLimit limit(1'000);
  send(1, 2'000'000);  // large enough to be written by send itself
  EXPECT_EQ(file_->send(messages_.make(2)), SendStatus::busy);
  outcomes_.poll(*file_);
  EXPECT_EQ(outcomes_.count(Outcome::retry), 1u);
}

TEST_F(FileTest, CloseWritesWhatIsLeft) {
  open();
  send(1);
  file_->close(milliseconds(100));
  outcomes_.poll(*file_, milliseconds(0));
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 1u);
  EXPECT_EQ(std::ranges::count(content(), '\n'), 1);
}

TEST_F(FileTest, AWakeEndsASleepingPoll) {
  open();
  std::jthread waker([&] {
    std::this_thread::sleep_for(milliseconds(30));
    file_->wake();
  });
  const auto begin = std::chrono::steady_clock::now();
  outcomes_.poll(*file_, milliseconds(10'000));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(5'000));
}

TEST_F(FileTest, SettingsThatCannotWorkAreRefused) {
  const auto refused = [&](auto change) {
    DestinationOptions options = options_;
    change(options);
    const auto checked = check(*find_kind("file"), options);
    return !checked && checked.error().kind == ErrorKind::usage && checked.error().message.find("archive") != std::string::npos;
  };
  EXPECT_TRUE(check(*find_kind("file"), options_));
  EXPECT_TRUE(refused([](auto& o) { o.topic.clear(); }));
  EXPECT_TRUE(refused([](auto& o) { o.format = "cloudevents-binary"; }));
  EXPECT_TRUE(refused([](auto& o) { o.encoding = "avro"; }));
  EXPECT_TRUE(refused([](auto& o) { o.settings["pth"] = "/tmp/x"; }));
}

TEST(Kinds, AreFoundByName) {
  for (const auto& kind : kinds()) EXPECT_EQ(find_kind(kind.name), &kind);
  EXPECT_EQ(find_kind("carrier-pigeon"), nullptr);
}

}  // namespace
}  // namespace user_events::destinations::test
