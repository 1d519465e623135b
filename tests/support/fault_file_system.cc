#include "support/fault_file_system.h"

#include "base/try.h"

namespace user_events::test {

class FaultFileSystem::FaultFile final : public ports::File {
 public:
  FaultFile(FaultFileSystem& files, std::string path, std::unique_ptr<ports::File> below)
      : files_(files), path_(std::move(path)), below_(std::move(below)) {}

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (auto turn = files_.turn("write " + path_); !turn) {
      if (files_.kind_ == FaultKind::short_write)
        UE_TRY(below_->write_at(offset, bytes.first(bytes.size() / 2)));
      return turn;
    }
    return below_->write_at(offset, bytes);
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    UE_TRY(files_.turn("read " + path_));
    return below_->read_at(offset, out);
  }
  Result<void> sync_data() override {
    if (auto turn = files_.turn("sync " + path_); !turn) {
      if (files_.failed_sync_) files_.failed_sync_(path_);
      return turn;
    }
    return below_->sync_data();
  }
  Result<std::uint64_t> size() const override {
    UE_TRY(files_.turn("size of " + path_));
    return below_->size();
  }
  Result<void> truncate(std::uint64_t size) override {
    UE_TRY(files_.turn("truncate " + path_));
    return below_->truncate(size);
  }
  Result<void> allocate(std::uint64_t size) override {
    UE_TRY(files_.turn("allocate " + path_));
    return below_->allocate(size);
  }

 private:
  FaultFileSystem& files_;
  std::string path_;
  std::unique_ptr<ports::File> below_;
};

FaultFileSystem::FaultFileSystem(ports::FileSystem& below, Fault fault,
                                 std::function<void(const std::string&)> failed_sync)
    : below_(below),
      at_(fault.at),
      kind_(fault.kind),
      for_ever_(fault.for_ever),
      concerns_(std::move(fault.concerns)),
      failed_sync_(std::move(failed_sync)) {}

void FaultFileSystem::arm(Fault fault) {
  kind_ = fault.kind;
  for_ever_ = fault.for_ever;
  {
    const std::scoped_lock lock(concerns_mutex_);
    concerns_ = std::move(fault.concerns);
  }
  at_ = fault.at == 0 ? 0 : operations_ + fault.at;
  mended_ = false;
}

Result<void> FaultFileSystem::turn(const std::string& what) {
  {
    const std::scoped_lock lock(concerns_mutex_);
    if (concerns_ && !concerns_(what)) return {};
  }
  const std::uint64_t now = ++operations_;
  if (mended_ || at_ == 0 || now < at_ || (now > at_ && !for_ever_)) return {};
  has_failed_ = true;
  if (kind_ == FaultKind::full) return fail(ErrorKind::full, "disk-full", "injected: " + what);
  return fail(ErrorKind::io, "file-error", "injected: " + what);
}

Result<std::unique_ptr<ports::File>> FaultFileSystem::open(const std::string& path, ports::OpenMode mode) {
  UE_TRY(turn("open " + path));
  UE_TRY_ASSIGN(auto file, below_.open(path, mode));
  return std::make_unique<FaultFile>(*this, path, std::move(file));
}
Result<std::vector<std::string>> FaultFileSystem::list(const std::string& directory) {
  UE_TRY(turn("list " + directory));
  return below_.list(directory);
}
Result<bool> FaultFileSystem::exists(const std::string& path) {
  UE_TRY(turn("exists " + path));
  return below_.exists(path);
}
Result<void> FaultFileSystem::create_directories(const std::string& path) {
  UE_TRY(turn("create directories " + path));
  return below_.create_directories(path);
}
Result<void> FaultFileSystem::rename(const std::string& from, const std::string& to) {
  UE_TRY(turn("rename " + from));
  return below_.rename(from, to);
}
Result<void> FaultFileSystem::remove(const std::string& path) {
  UE_TRY(turn("remove " + path));
  return below_.remove(path);
}
Result<void> FaultFileSystem::sync_directory(const std::string& path) {
  UE_TRY(turn("sync directory " + path));
  return below_.sync_directory(path);
}
Result<std::unique_ptr<ports::FileLock>> FaultFileSystem::lock(const std::string& path) {
  UE_TRY(turn("lock " + path));
  return below_.lock(path);
}
Result<std::unique_ptr<ports::FileLock>> FaultFileSystem::lock_shared(const std::string& path) {
  UE_TRY(turn("lock " + path));
  return below_.lock_shared(path);
}
Result<std::uint64_t> FaultFileSystem::free_bytes(const std::string& path) {
  UE_TRY(turn("free bytes of " + path));
  return below_.free_bytes(path);
}
Result<std::string> FaultFileSystem::identity(const std::string& path) {
  UE_TRY(turn("identity of " + path));
  return below_.identity(path);
}

}  // namespace user_events::test
