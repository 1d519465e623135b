// A file system in memory that knows what a power cut may do: whatever was not synced is kept, lost, torn or
// reordered.
//
// Model: a file's data is durable after sync_data; a name (created, renamed, removed) after sync_directory.
// At a cut each unsynced write is split into sectors of 512 bytes of which any subset survives; each unsynced
// truncation, allocation and change of a name survives or not, independently. A sync that reported an error
// drops what it should have written for good, as Linux does: later syncs of the same file do not bring it
// back. Directories themselves are always durable.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/file_system.h"
#include "support/seeded_random.h"

namespace user_events::test {

/// Thread-safe.
class CrashFileSystem final : public ports::FileSystem {
 public:
  CrashFileSystem();
  ~CrashFileSystem() override;

  // ---- what a test does to it ----
  /// At the `n`th sync from now (file or directory; from 1) the power goes: a picture of what survives is
  /// drawn with `seed`, and every later operation fails. Whether the sync itself still takes effect is drawn,
  /// too.
  void cut_power_at_sync(std::uint64_t n, std::uint64_t seed);
  [[nodiscard]] bool power_is_cut() const;
  /// The power goes now.
  void cut_power(std::uint64_t seed);
  /// The disk after the power cut; when none happened, as if it happened now, drawn with `seed`.
  [[nodiscard]] std::unique_ptr<CrashFileSystem> after_power_cut(std::uint64_t seed);
  /// The same files as other files: a copy or a restored backup. Everything is durable.
  [[nodiscard]] std::unique_ptr<CrashFileSystem> copy() const;
  /// Syncs so far.
  [[nodiscard]] std::uint64_t syncs() const;
  /// Syncs do nothing and report success: the defect that a campaign must notice.
  void ignore_syncs();
  /// What a failed sync leaves behind: the unsynced writes of this file will never be durable.
  void drop_unsynced(const std::string& path);
  void set_free_bytes(std::uint64_t bytes);
  /// The file's content as a running process sees it, to be looked at or damaged.
  [[nodiscard]] std::vector<std::byte> content(const std::string& path) const;
  void set_content(const std::string& path, std::vector<std::byte> content);

  // ---- ports::FileSystem ----
  Result<std::unique_ptr<ports::File>> open(const std::string& path, ports::OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> create_directories(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<ports::FileLock>> lock(const std::string& path) override;
  /// As `lock`, but the file must be there: the model knows one kind of lock.
  Result<std::unique_ptr<ports::FileLock>> lock_shared(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
  Result<std::string> identity(const std::string& path) override;

 private:
  struct Inode;
  struct NameChange;
  struct Disk;
  class OpenFile;
  class Lock;

  [[nodiscard]] Result<void> powered() const;
  /// Runs `sync` unless the power goes first; with the lock held.
  [[nodiscard]] Result<void> at_sync(const std::function<void()>& sync);
  [[nodiscard]] std::unique_ptr<Disk> draw_survivors(std::uint64_t seed) const;

  mutable std::mutex mutex_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Disk> survivors_;  // once the power is cut
  std::uint64_t syncs_ = 0, cut_at_ = 0, cut_seed_ = 0;
  std::uint64_t free_bytes_ = 1ull << 40;
  bool cut_ = false, ignore_syncs_ = false;
};

}  // namespace user_events::test
