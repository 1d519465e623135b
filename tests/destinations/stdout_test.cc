#include <gtest/gtest.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "line_support.h"

namespace user_events::destinations::test {
namespace {

/// Puts a pipe in the place of standard output.
class StdoutTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    std::fflush(stdout);
    saved_ = ::dup(STDOUT_FILENO);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[1]);
    reader_ = ends[0];
    options_.name = "out";
    options_.kind = "stdout";
    destination_ = make(options_);
    ASSERT_TRUE(destination_->start({}, "j", 0));
  }
  void TearDown() override {
    destination_.reset();
    ::dup2(saved_, STDOUT_FILENO);
    ::close(saved_);
    close_reader();
  }
  void close_reader() {
    if (reader_ >= 0) ::close(reader_);
    reader_ = -1;
  }
  std::string read_some() {
    std::string text(1 << 20, '\0');
    const ssize_t got = ::read(reader_, text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

  int saved_ = -1, reader_ = -1;
  DestinationOptions options_;
  Messages messages_{options_};
  Outcomes outcomes_;
  std::unique_ptr<Destination> destination_;
};

TEST_F(StdoutTest, EventsComeOutAsLinesAndAreAccepted) {
  for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(destination_->send(messages_.make(i)), SendStatus::queued);
  outcomes_.poll(*destination_);
  EXPECT_EQ(outcomes_.count(Outcome::accepted), 3u);
  const auto text = read_some();
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_LT(text.find("event-1"), text.find("event-3"));
}

TEST_F(StdoutTest, AReaderThatSleepsHoldsNobodyUpAndGetsEverythingLater) {
  std::uint64_t sent = 0;
  while (sent < 4'000 && destination_->send(messages_.make(sent + 1, 400)) == SendStatus::queued) ++sent;
  EXPECT_LT(sent, 4'000u) << "what waits is bounded";
  const auto begin = std::chrono::steady_clock::now();
  outcomes_.poll(*destination_, milliseconds(50));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2'000));
  EXPECT_LT(outcomes_.count(Outcome::accepted), sent);
  std::string text;
  while (outcomes_.by_sequence.size() < sent) {
    text += read_some();
    outcomes_.poll(*destination_);
  }
  destination_.reset();
  ::dup2(saved_, STDOUT_FILENO);  // the last writer: the pipe ends
  for (auto more = read_some(); !more.empty(); more = read_some()) text += more;
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(text, '\n')), sent);
}

TEST_F(StdoutTest, AClosedPipeIsDownAndItsEventsComeAgain) {
  close_reader();
  ASSERT_EQ(destination_->send(messages_.make(1)), SendStatus::queued);
  outcomes_.poll(*destination_);
  EXPECT_EQ(outcomes_.count(Outcome::retry), 1u);
  EXPECT_EQ(destination_->health().state, HealthState::down);
  EXPECT_FALSE(destination_->health().detail.empty());
}

TEST_F(StdoutTest, CloseReportsWhatNobodyRead) {
  std::uint64_t sent = 0;
  while (destination_->send(messages_.make(sent + 1, 400)) == SendStatus::queued) ++sent;
  destination_->close(milliseconds(20));
  outcomes_.poll(*destination_, milliseconds(0));
  EXPECT_EQ(outcomes_.by_sequence.size(), sent);
  EXPECT_GT(outcomes_.count(Outcome::in_doubt) + outcomes_.count(Outcome::retry), 0u);
}

}  // namespace
}  // namespace user_events::destinations::test
