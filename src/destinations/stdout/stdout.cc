#include "destinations/stdout/stdout.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <mutex>

#include "destinations/lines.h"
#include "destinations/settings.h"
#include "destinations/waker.h"

namespace user_events::destinations {
namespace {

constexpr std::uint32_t kMaxInFlight = 4'096;
constexpr std::size_t kMaxWaitingBytes = 1u << 20;  ///< Beyond this `send` answers busy until somebody reads.

class StdoutDestination final : public Destination {
 public:
  StdoutDestination() {
    features_.ordered_pipeline = true;
    features_.max_in_flight = kMaxInFlight;
  }

  const Features& features() const noexcept override { return features_; }

  Result<void> start(std::string_view, std::string_view, std::uint64_t) override {
    struct stat status {};
    takes_all_ = ::fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode);
    set_health({HealthState::up, {}, {}});
    return {};
  }

  SendStatus send(const Message& message) override {
    if (!failed_.empty() || lines_.size() >= kMaxWaitingBytes) return SendStatus::busy;
    lines_.add(message);
    return SendStatus::queued;
  }

  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override {
    if (lines_.empty() && timeout.count() > 0) waker_.sleep(timeout);
    write_lines(timeout);
    report_all(written_, Outcome::accepted, {}, out);
    report_all(failed_, Outcome::retry, reason_, out);
    written_.clear();
    failed_.clear();
  }

  void wake() noexcept override { waker_.wake(); }

  Health health() const override {
    std::lock_guard lock(health_mutex_);
    return health_;
  }

  void close(std::chrono::milliseconds deadline) override {
    write_lines(deadline);
    lines_.drop(failed_);
    reason_ = "nobody read standard output before the end";
  }

 private:
  void set_health(Health health) {
    std::lock_guard lock(health_mutex_);
    health_ = std::move(health);
  }

  /// Never blocks beyond `timeout`: a pipe that is ready takes PIPE_BUF bytes at once, whoever reads it or not.
  void write_lines(std::chrono::milliseconds timeout) {
    while (!lines_.empty()) {
      pollfd ready{STDOUT_FILENO, POLLOUT, 0};
      const int wait_ms = static_cast<int>(std::min<std::int64_t>(timeout.count(), INT_MAX));
      if (!takes_all_ && ::poll(&ready, 1, wait_ms) == 0) return;
      auto bytes = lines_.bytes();
      if (!takes_all_) bytes = bytes.substr(0, PIPE_BUF);
      const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
      if (count < 0) return fail_all();
      lines_.consume(static_cast<std::size_t>(count), written_);
      if (down_) set_health({HealthState::up, {}, {}});
      down_ = false;
    }
  }

  void fail_all() {
    reason_ = std::string("write to standard output: ") + std::strerror(errno);
    lines_.drop(failed_);
    down_ = true;
    set_health({HealthState::down, reason_, {}});
  }

  Features features_;
  bool takes_all_ = false;
  bool down_ = false;
  LineBuffer lines_;
  std::vector<std::uint64_t> written_, failed_;
  std::string reason_;
  Waker waker_;
  mutable std::mutex health_mutex_;
  Health health_;
};

Result<void> check(const DestinationOptions& options) { return SettingsReader(options).finish(); }

Result<std::unique_ptr<Destination>> make(const DestinationOptions&) {
  return std::make_unique<StdoutDestination>();
}

}  // namespace

const Kind& stdout_kind() {
  static const Kind kind{.name = "stdout", .check = check, .make = make, .settings = {}, .carries = kLineCarries,
                         .access_advice = "whoever started user-events reads it"};
  return kind;
}

}  // namespace user_events::destinations
