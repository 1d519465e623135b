#include "destinations/file/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/try.h"
#include "destinations/lines.h"
#include "destinations/settings.h"
#include "destinations/waker.h"
#include "observability/log.h"

namespace user_events::destinations {
namespace {

using std::chrono::steady_clock;

constexpr std::uint32_t kMaxInFlight = 16'384;
constexpr std::size_t kWriteBytes = 1u << 20;   ///< Lines are written when they are this many, or at the next poll.
constexpr std::size_t kSyncEvents = 8'192;      ///< A poll that does not wait syncs only when this many lines are unsynced.
constexpr std::chrono::seconds kLookEvery{1};   ///< How often a rotated or missing file is looked for.

std::string last_error(std::string_view what) { return std::string(what) + ": " + std::strerror(errno); }

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Offset after the last line end; 0 if there is none. -1 with errno on an error.
off_t end_of_last_line(int fd, off_t size) {
  std::array<char, 64 << 10> block;
  while (size > 0) {
    const auto length = std::min<off_t>(size, static_cast<off_t>(block.size()));
    const ssize_t got = ::pread(fd, block.data(), static_cast<std::size_t>(length), size - length);
    if (got != length) return -1;
    const std::string_view text(block.data(), static_cast<std::size_t>(got));
    const std::size_t at = text.rfind('\n');
    if (at != std::string_view::npos) return size - length + static_cast<off_t>(at) + 1;
    size -= length;
  }
  return 0;
}

class FileDestination final : public Destination {
 public:
  explicit FileDestination(std::string path) : path_(std::move(path)) {
    features_.ordered_pipeline = true;
    features_.max_in_flight = kMaxInFlight;
  }

  const Features& features() const noexcept override { return features_; }

  Result<void> start(std::string_view, std::string_view, std::uint64_t) override {
    open_file();
    return {};
  }

  SendStatus send(const Message& message) override {
    // After a failure nothing passes until its reports were collected: else a later event of a key could overtake.
    if (!reports_.empty() || !ready()) return SendStatus::busy;
    lines_.add(message);
    if (lines_.size() >= kWriteBytes) write_lines();
    return SendStatus::queued;
  }

  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override {
    if (reports_.empty()) write_lines();
    if (reports_.empty() && (timeout.count() > 0 || unsynced_.size() >= kSyncEvents)) sync();
    if (reports_.empty() && timeout.count() > 0) waker_.sleep(timeout);
    out.insert(out.end(), std::make_move_iterator(reports_.begin()), std::make_move_iterator(reports_.end()));
    reports_.clear();
  }

  void wake() noexcept override { waker_.wake(); }

  Health health() const override {
    std::lock_guard lock(health_mutex_);
    return health_;
  }

  void close(std::chrono::milliseconds) override {
    write_lines();
    sync();
    file_.reset();
  }

 private:
  /// Open, or opened again after a pause.
  bool ready() {
    if (file_.is_open()) return true;
    if (steady_clock::now() < look_at_) return false;
    open_file();
    return file_.is_open();
  }

  void open_file() {
    look_at_ = steady_clock::now() + kLookEvery;
    file_.reset(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    struct stat status {};
    if (!file_.is_open() || ::fstat(file_.get(), &status) != 0) return down(last_error("open"));
    is_regular_ = S_ISREG(status.st_mode);
    inode_ = status.st_ino;
    device_ = status.st_dev;
    synced_size_ = status.st_size;
    if (is_regular_ && !repair(status.st_size)) return;
    set_health({HealthState::up, {}, {}});
  }

  /// Cuts off a last line that a crash left incomplete: its event was not acknowledged and comes again.
  bool repair(off_t size) {
    const off_t end = end_of_last_line(file_.get(), size);
    if (end < 0 || (end < size && ::ftruncate(file_.get(), end) != 0)) {
      down(last_error("repair of the last line"));
      return false;
    }
    if (end < size) observability::log().warn("file {}: cut off an incomplete last line of {} bytes", path_, size - end);
    synced_size_ = end;
    return true;
  }

  void down(const std::string& what) {
    file_.reset();
    set_health({HealthState::down, "file " + path_ + ": " + what, {}});
  }

  void set_health(Health health) {
    std::lock_guard lock(health_mutex_);
    health_ = std::move(health);
  }

  void write_lines() {
    while (!lines_.empty()) {
      const auto bytes = lines_.bytes();
      const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_all(last_error("write"));
      lines_.consume(static_cast<std::size_t>(count), unsynced_);
    }
  }

  void sync() {
    if (unsynced_.empty()) return;
    // EINVAL: a pipe or device, which has nothing to sync.
    if (::fdatasync(file_.get()) != 0 && errno != EINVAL) return fail_all(last_error("fdatasync"));
    report_all(unsynced_, Outcome::accepted, {}, reports_);
    unsynced_.clear();
    struct stat status {};
    if (is_regular_ && ::fstat(file_.get(), &status) == 0) synced_size_ = status.st_size;
    look_for_rotation();
  }

  /// Everything since the last sync is cut off again and comes anew; where that fails, it is in doubt.
  void fail_all(const std::string& what) {
    const bool cut = is_regular_ && ::ftruncate(file_.get(), synced_size_) == 0;
    lines_.drop(unsynced_);
    report_all(unsynced_, cut ? Outcome::retry : Outcome::in_doubt, what, reports_);
    unsynced_.clear();
    // Closed and opened anew: after a failed fdatasync the state of this descriptor's pages is not known.
    down(what);
  }

  void look_for_rotation() {
    if (steady_clock::now() < look_at_) return;
    look_at_ = steady_clock::now() + kLookEvery;
    struct stat status {};
    const bool same = ::stat(path_.c_str(), &status) == 0 && status.st_ino == inode_ && status.st_dev == device_;
    if (!same) open_file();
  }

  Features features_;
  std::string path_;
  FileDescriptor file_;
  bool is_regular_ = false;
  ino_t inode_ = 0;
  dev_t device_ = 0;
  off_t synced_size_ = 0;
  LineBuffer lines_;
  std::vector<std::uint64_t> unsynced_;  // at most kMaxInFlight
  std::vector<Report> reports_;
  steady_clock::time_point look_at_{};
  Waker waker_;
  mutable std::mutex health_mutex_;
  Health health_;
};

Result<std::string> parse_path(const DestinationOptions& options) {
  SettingsReader settings(options);
  std::string path = settings.text("path", options.topic);
  if (path.empty()) settings.refuse("path", "is missing", "path = \"/var/log/user-events.ndjson\"");
  UE_TRY(settings.finish());
  return path;
}

Result<void> check(const DestinationOptions& options) {
  UE_TRY(parse_path(options));
  return {};
}

Result<std::unique_ptr<Destination>> make(const DestinationOptions& options) {
  UE_TRY_ASSIGN(std::string path, parse_path(options));
  return std::make_unique<FileDestination>(std::move(path));
}

}  // namespace

const Kind& file_kind() {
  static const Kind kind{.name = "file", .check = check, .make = make, .settings = {"path"}, .carries = kLineCarries,
                         .access_advice = "owner and mode of the file and its folder decide"};
  return kind;
}

}  // namespace user_events::destinations
