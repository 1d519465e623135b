// Lets the n-th operation of another file system fail, once or for ever.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "ports/file_system.h"

namespace user_events::test {

enum class FaultKind : std::uint8_t { io, full, short_write };

struct Fault {
  std::uint64_t at = 0;  ///< Counted from 1; 0: never.
  FaultKind kind = FaultKind::io;
  bool for_ever = false;
  std::function<bool(const std::string& operation)> concerns =
      {};  ///< Others are not counted; empty: all count.
};

/// Thread-safe. Counts every operation but the closing of files; which ones those are: the functions of the
/// port.
class FaultFileSystem final : public ports::FileSystem {
 public:
  /// `failed_sync` is told the path of a file whose sync was made to fail.
  FaultFileSystem(ports::FileSystem& below, Fault fault,
                  std::function<void(const std::string&)> failed_sync = {});

  [[nodiscard]] std::uint64_t operations() const { return operations_.load(); }
  /// Whether an operation was made to fail so far.
  [[nodiscard]] bool has_failed() const { return has_failed_.load(); }
  /// From now on nothing fails any more.
  void mend() { mended_ = true; }
  /// Sets a new fault; counting goes on from here.
  void arm(Fault fault);

  Result<std::unique_ptr<ports::File>> open(const std::string& path, ports::OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> create_directories(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<ports::FileLock>> lock(const std::string& path) override;
  Result<std::unique_ptr<ports::FileLock>> lock_shared(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
  Result<std::string> identity(const std::string& path) override;

 private:
  class FaultFile;
  /// Counts one operation; an error when it is its turn to fail.
  [[nodiscard]] Result<void> turn(const std::string& what);

  ports::FileSystem& below_;
  std::atomic<std::uint64_t> at_;
  std::atomic<FaultKind> kind_;
  std::atomic<bool> for_ever_;
  std::mutex concerns_mutex_;
  std::function<bool(const std::string&)> concerns_;
  std::function<void(const std::string&)> failed_sync_;
  std::atomic<std::uint64_t> operations_{0};
  std::atomic<bool> mended_{false}, has_failed_{false};
};

}  // namespace user_events::test
