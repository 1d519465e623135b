// Journal → runner → file, with the real parts.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "runner_fixture.h"
#include "support/seeded_random.h"

namespace user_events::delivery::test {
namespace {

class FileEndToEndTest : public RunnerTest {
 protected:
  FileEndToEndTest() {
    options_.kind = "file";
    options_.topic = directory_.path() + "/out.ndjson";
  }
  void start_file() {
    const auto* kind = destinations::find_kind("file");
    ASSERT_NE(kind, nullptr);
    auto made = kind->make(options_);
    ASSERT_TRUE(made) << describe(made.error());
    const auto started = try_start(*std::move(made));
    ASSERT_TRUE(started) << describe(started.error());
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream file(options_.topic);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }
  static std::string member(const std::string& line, const std::string& name) {
    const auto at = line.find("\"" + name + "\":\"");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 4;
    return line.substr(from, line.find('"', from) - from);
  }
};

TEST_F(FileEndToEndTest, EveryEventIsALineInOrderPerUserAlsoOverRestarts) {
  for (int i = 0; i < 300; ++i) append("u" + std::to_string(i % 7));
  for (int round = 0; round < 5; ++round) {
    start_file();
    for (int i = 0; i < 40; ++i) append("u" + std::to_string(i % 7));
    if (round == 4) expect_all_done();
    stop(milliseconds(round % 2 == 0 ? 0 : 5'000));
  }
  std::map<std::string, std::string> last;
  std::set<std::string> ids;
  for (const auto& line : lines()) {
    ASSERT_TRUE(line.starts_with("{") && line.ends_with("}"));
    const auto key = member(line, "partitionkey"), sequence = member(line, "sequence");
    ASSERT_LT(last[key], sequence) << "in order, each once (every stop was orderly)";
    last[key] = sequence;
    ids.insert(member(line, "id"));
  }
  EXPECT_EQ(ids.size(), 500u);
}

/// A process of its own that publishes and delivers until it is killed; what it was told is accepted goes through the pipe.
class KilledProcess {
 public:
  template <class Work>
  explicit KilledProcess(Work&& work) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      work(ends[1]);
      std::_Exit(0);
    }
    ::close(ends[1]);
    accepted_ = ends[0];
  }
  /// Kills it; returns the last sequence that it had accepted.
  std::uint64_t kill() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    std::uint64_t last = 0, one = 0;
    while (::read(accepted_, &one, sizeof one) == sizeof one) last = one;
    ::close(accepted_);
    return last;
  }

 private:
  pid_t child_ = -1;
  int accepted_ = -1;
};

TEST_F(FileEndToEndTest, NothingIsLostAndOrderIsKeptOverKills) {
  constexpr int kKills = 12;
  user_events::test::SeededRandom random(4);
  state_.reset();
  journal_.reset();
  std::uint64_t accepted = 0;
  for (int round = 0; round < kKills; ++round) {
    KilledProcess process([&](int pipe) {
      open_journal();
      open_state();
      start_file();
      // Large batches: the destination is always behind, so that a kill finds much under way.
      std::vector<std::string> keys;
      for (int i = 0; i < 2'000; ++i) keys.push_back("u" + std::to_string(i % 50));
      for (int i = 0; i < 40; ++i) {
        const std::uint64_t sequence = append_batch(keys);
        if (::write(pipe, &sequence, sizeof sequence) != sizeof sequence) std::_Exit(1);
      }
      std::this_thread::sleep_for(std::chrono::minutes(1));
    });
    std::this_thread::sleep_for(milliseconds(100 + random.below(400)));
    accepted = std::max(accepted, process.kill());
  }
  ASSERT_GT(accepted, 0u);
  open_journal();
  open_state();
  start_file();
  expect_all_done();
  ASSERT_GE(journal_->durable_sequence(), accepted);
  std::map<std::string, std::string> last;
  std::set<std::string> seen;
  for (const auto& line : lines()) {
    ASSERT_TRUE(line.starts_with("{") && line.ends_with("}")) << "a torn line was left: " << line;
    const auto key = member(line, "partitionkey"), sequence = member(line, "sequence");
    if (!seen.insert(sequence).second) continue;
    ASSERT_LT(last[key], sequence);
    last[key] = sequence;
  }
  EXPECT_EQ(seen.size(), journal_->durable_sequence());
}

TEST_F(FileEndToEndTest, AFileThatCannotBeWrittenIsReportedAndTriedAgain) {
  const std::string folder = directory_.path() + "/later";
  options_.topic = folder + "/out.ndjson";
  append("u1");
  start_file();
  ASSERT_TRUE(eventually([&] { return runner_->stats().health.state == HealthState::down; }));
  EXPECT_NE(runner_->stats().health.detail.find(options_.topic), std::string::npos);
  std::filesystem::create_directories(folder);
  expect_all_done();
  EXPECT_EQ(lines().size(), 1u);
  EXPECT_EQ(runner_->stats().health.state, HealthState::up);
}

TEST_F(FileEndToEndTest, AFullDeviceLosesNothing) {
  options_.topic = "/dev/full";
  append("u1");
  append("u1");
  start_file();
  ASSERT_TRUE(eventually([&] { return runner_->stats().in_doubt + runner_->stats().retries >= 2; }));
  EXPECT_EQ(runner_->low_water(), 0u);
  EXPECT_NE(runner_->stats().health.detail.find("No space left"), std::string::npos) << runner_->stats().health.detail;
}

}  // namespace
}  // namespace user_events::delivery::test
