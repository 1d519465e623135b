// The destinations that write lines: a file, and standard output with a reader at the other end of a pipe.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "broker_under_test.h"
#include "support/temporary_directory.h"

namespace user_events::tests::conformance {
namespace {

std::string member(const std::string& line, const std::string& name) {
  const auto at = line.find("\"" + name + "\":\"");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return line.substr(from, line.find('"', from) - from);
}

std::vector<Received> received(std::istream& lines) {
  std::vector<Received> all;
  for (std::string line; std::getline(lines, line);)
    all.push_back({.key = member(line, "partitionkey"), .id = member(line, "id"), .sequence = member(line, "sequence"), .body = line, .headers = {}});
  return all;
}

class File final : public BrokerUnderTest {
 public:
  void start() override {}
  DestinationOptions fresh() override {
    auto options = missing_place();
    make_place();
    return options;
  }
  std::vector<Received> read_all() override {
    std::ifstream file(path_);
    return received(file);
  }
  DestinationOptions missing_place() override {
    DestinationOptions options;
    options.kind = "file";
    options.topic = path_ = directory_.path() + "/" + std::to_string(++files_) + "/out.ndjson";
    return options;
  }
  void make_place() override { std::filesystem::create_directories(std::filesystem::path(path_).parent_path()); }

 private:
  user_events::test::TemporaryDirectory directory_;
  std::string path_;
  int files_ = 0;
};

/// Puts a pipe in the place of standard output for good; what GoogleTest prints is passed on.
class Stdout final : public BrokerUnderTest {
 public:
  Stdout() {
    std::fflush(stdout);
    terminal_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[1]);
    pipe_ = ends[0];
    reader_ = std::jthread([this] { read(); });
  }
  ~Stdout() override {
    std::fflush(stdout);
    ::dup2(terminal_, STDOUT_FILENO);  // the last writer: the pipe ends
    resume();
    reader_.join();
    ::close(pipe_);
    ::close(terminal_);
  }

  void start() override {}
  DestinationOptions fresh() override {
    std::lock_guard lock(mutex_);
    text_.clear();
    DestinationOptions options;
    options.kind = "stdout";
    return options;
  }
  std::vector<Received> read_all() override {
    std::lock_guard lock(mutex_);
    std::istringstream lines(text_);
    return received(lines);
  }
  void pause() override { is_paused_ = true; }
  void resume() override {
    is_paused_ = false;
    is_paused_.notify_all();
  }

 private:
  void read() {
    std::string block(1 << 16, '\0'), rest;
    for (;;) {
      is_paused_.wait(true);
      const ssize_t count = ::read(pipe_, block.data(), block.size());
      if (count <= 0) return;
      rest.append(block, 0, static_cast<std::size_t>(count));
      const auto end = rest.rfind('\n') + 1;  // 0 if there is none
      sort(rest.substr(0, end));
      rest.erase(0, end);
    }
  }
  void sort(const std::string& text) {
    std::lock_guard lock(mutex_);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      line += '\n';
      if (line.starts_with('{')) text_ += line;
      else if (::write(terminal_, line.data(), line.size()) < 0) return;
    }
  }

  int terminal_ = -1, pipe_ = -1;
  std::mutex mutex_;
  std::string text_;
  std::atomic<bool> is_paused_{false};
  std::jthread reader_;
};

}  // namespace

std::vector<Subject> subjects() {
  using enum Capability;
  return {{"file", {restart, kill, pause, cut, poison, oversize, authentication},
           []() -> BrokerUnderTest& {
             static File file;
             return file;
           }},
          {"stdout", {restart, kill, cut, poison, oversize, authentication, unroutable}, []() -> BrokerUnderTest& {
             static Stdout out;
             return out;
           }}};
}

}  // namespace user_events::tests::conformance
