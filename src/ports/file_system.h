// The file system behind one small port (after LevelDB's env.h), so that faults and power cuts can be
// injected. Everything the journal does to a disk goes through here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"

namespace user_events::ports {

/// A file open for positioned reads and writes. Thread-safe as the system calls are. Closed by the
/// destructor.
class File {
 public:
  virtual ~File() = default;
  /// Writes all of `bytes` at `offset` (loops over short writes). Error: `full` on ENOSPC/EDQUOT, else `io`.
  /// After an error any part of the bytes may be in the file.
  [[nodiscard]] virtual Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  /// Reads up to out.size() bytes at `offset`; fewer only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const = 0;
  /// fdatasync(2). A failure is final for this file: Linux may have dropped the dirty pages (see
  /// docs/journal-format.md). Never call it a second time after a failure.
  [[nodiscard]] virtual Result<void> sync_data() = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
  /// Reserves disk space for [0, size) so that later writes below it cannot hit a full disk; file size
  /// becomes at least `size`, new bytes read as zero. Error `full` when there is no room, and then nothing is
  /// reserved.
  [[nodiscard]] virtual Result<void> allocate(std::uint64_t size) = 0;
};

/// An exclusive lock against a second process; released by the destructor or by the end of the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : std::uint8_t {
  read,        ///< Must exist.
  read_write,  ///< Must exist.
  create_new,  ///< Must not exist; mode 0600.
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list(
      const std::string& directory) = 0;  ///< Names, sorted.
  [[nodiscard]] virtual Result<bool> exists(const std::string& path) = 0;
  [[nodiscard]] virtual Result<void> create_directories(const std::string& path) = 0;  ///< Mode 0700.
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<void> remove(const std::string& path) = 0;
  /// fsync(2) of a directory: makes created, renamed and removed names durable.
  [[nodiscard]] virtual Result<void> sync_directory(const std::string& path) = 0;
  /// Error `unavailable`, code `data-directory-in-use`, when another process has it.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
  /// Lets other readers in but no process with `lock`, and creates nothing. Errors: not_found, else as
  /// `lock`.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock_shared(const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
  /// Text that stays the same for this very file, also when its disk is attached elsewhere, and differs for a
  /// copy of it: inode and birth time; inode and the file system's id where there is no birth time.
  [[nodiscard]] virtual Result<std::string> identity(const std::string& path) = 0;
};

/// The operating system's. Thread-safe.
[[nodiscard]] FileSystem& posix_file_system() noexcept;

}  // namespace user_events::ports
