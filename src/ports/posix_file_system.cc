#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "ports/file_system.h"

namespace user_events::ports {
namespace {

std::unexpected<Error> system_error(const std::string& what, const std::string& path, int error) {
  const std::string message = what + " " + path + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return fail(ErrorKind::full, "disk-full", message, "free disk space, or shorten journal.retention");
    case ENOENT:
      return fail(ErrorKind::not_found, "no-such-file", message);
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(ErrorKind::io, "no-write-access", message,
                  "give this user write access to the data directory");
    default:
      return fail(ErrorKind::io, "file-error", message,
                  "look at the kernel's log and at the health of the disk");
  }
}

/// Calls `call` until it is not interrupted.
template <class Call>
auto retry_interrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t wrote = retry_interrupted(
          [&] { return ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (wrote < 0) return system_error("write", path_, errno);
      if (wrote == 0) return system_error("write", path_, EIO);
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
      offset += static_cast<std::uint64_t>(wrote);
    }
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = retry_interrupted([&] {
        return ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) return system_error("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void> sync_data() override {
    if (::fdatasync(fd_) != 0) return system_error("fdatasync", path_, errno);
    return {};
  }

  Result<std::uint64_t> size() const override {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) return system_error("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (retry_interrupted([&] { return ::ftruncate(fd_, static_cast<off_t>(size)); }) != 0)
      return system_error("truncate", path_, errno);
    return {};
  }

  Result<void> allocate(std::uint64_t new_size) override {
    const auto old_size = size();
    if (!old_size) return std::unexpected(old_size.error());
    if (retry_interrupted([&] { return ::fallocate(fd_, 0, 0, static_cast<off_t>(new_size)); }) == 0)
      return {};
    const int error = errno;
    // A file system that cannot reserve still works: then a full disk shows at the write instead.
    if (error == EOPNOTSUPP) return new_size > *old_size ? truncate(new_size) : Result<void>{};
    // Parts may be reserved already; a caller that is told `full` must not hold them.
    if (::ftruncate(fd_, static_cast<off_t>(*old_size)) != 0) return system_error("truncate", path_, errno);
    return system_error("allocate", path_, error);
  }

 private:
  int fd_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  ~PosixLock() override { ::close(fd_); }

 private:
  int fd_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::read:
        flags |= O_RDONLY;
        break;
      case OpenMode::read_write:
        flags |= O_RDWR;
        break;
      case OpenMode::create_new:
        flags |= O_RDWR | O_CREAT | O_EXCL;
        break;
    }
    const int fd = retry_interrupted([&] { return ::open(path.c_str(), flags, 0600); });
    if (fd < 0) return system_error("open", path, errno);
    return std::make_unique<PosixFile>(fd, path);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* handle = ::opendir(directory.c_str());
    if (handle == nullptr) return system_error("list", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(handle)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(handle);
    if (error != 0) return system_error("list", directory, error);
    std::ranges::sort(names);
    return names;
  }

  Result<bool> exists(const std::string& path) override {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error("stat", path, errno);
  }

  Result<void> create_directories(const std::string& path) override {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string part = path.substr(0, end);
      if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
        const int error = errno;
        struct stat status{};
        // A parent that exists but may not be written answers EACCES or EROFS before EEXIST on some file
        // systems.
        if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
          return system_error("create directory", part, error);
      }
      if (end == std::string::npos) break;
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return system_error("stat", path, errno);
    if (!S_ISDIR(status.st_mode)) return system_error("create directory", path, ENOTDIR);
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error("rename", from + " to " + to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return system_error("remove", path, errno);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const int fd =
        retry_interrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (fd < 0) return system_error("open directory", path, errno);
    const int result = ::fsync(fd);
    const int error = errno;
    ::close(fd);
    if (result != 0) return system_error("fsync directory", path, error);
    return {};
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return lock_with(path, O_RDWR | O_CREAT, LOCK_EX);
  }

  Result<std::unique_ptr<FileLock>> lock_shared(const std::string& path) override {
    return lock_with(path, O_RDONLY, LOCK_SH);
  }

  Result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return system_error("statvfs", path, errno);
    return static_cast<std::uint64_t>(status.f_bavail) * static_cast<std::uint64_t>(status.f_frsize);
  }

  Result<std::string> identity(const std::string& path) override {
    struct statx status{};
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0)
      return system_error("statx", path, errno);
    std::string text = std::to_string(status.stx_ino);
    if ((status.stx_mask & STATX_BTIME) != 0)
      return text + ":" + std::to_string(status.stx_btime.tv_sec) + "." +
             std::to_string(status.stx_btime.tv_nsec);
    // Only where there is no birth time: some file systems take their id from the device's number, which
    // changes when a volume is attached anew.
    struct statfs system{};
    if (::statfs(path.c_str(), &system) != 0) return system_error("statfs", path, errno);
    std::array<std::uint32_t, 2> id{};
    static_assert(sizeof id == sizeof system.f_fsid);
    std::memcpy(id.data(), &system.f_fsid, sizeof id);
    return text + "@" + std::to_string(id[0]) + "." + std::to_string(id[1]);
  }

 private:
  static Result<std::unique_ptr<FileLock>> lock_with(const std::string& path, int flags, int operation) {
    const int fd = retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); });
    if (fd < 0) return system_error("open", path, errno);
    if (::flock(fd, operation | LOCK_NB) != 0) {
      const int error = errno;
      ::close(fd);
      if (error != EWOULDBLOCK) return system_error("lock", path, error);
      return fail(ErrorKind::unavailable, "data-directory-in-use", "another process holds the lock " + path,
                  "stop the other process, or choose another data_dir");
    }
    return std::make_unique<PosixLock>(fd);
  }
};

}  // namespace

FileSystem& posix_file_system() noexcept {
  static PosixFileSystem files;
  return files;
}

}  // namespace user_events::ports
