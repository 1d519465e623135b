#include "support/crash_file_system.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "base/try.h"

namespace user_events::test {
namespace {

constexpr std::size_t kSectorBytes = 512;
using Content = std::vector<std::byte>;

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::unexpected<Error> missing(const std::string& path) {
  return fail(ErrorKind::not_found, "no-such-file", "no such file " + path);
}

void write_into(Content& content, std::uint64_t offset, std::span<const std::byte> bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

/// How much of what was not synced survives: real disks do all of these.
enum class Mood : std::uint8_t { nothing, everything, first_part, at_random };

class Survival {
 public:
  explicit Survival(SeededRandom& random) : random_(random), mood_(static_cast<Mood>(random.below(4))) {
    until_ = random.below(20);
  }
  bool next() {
    switch (mood_) {
      case Mood::nothing:
        return false;
      case Mood::everything:
        return true;
      case Mood::first_part:
        return count_++ < until_;
      case Mood::at_random:
        return random_.below(2) == 0;
    }
    return false;
  }

 private:
  SeededRandom& random_;
  Mood mood_;
  std::uint64_t until_ = 0, count_ = 0;
};

}  // namespace

/// One unsynced change of a file: a write, or a new size.
struct Change {
  std::uint64_t offset = 0;
  Content bytes;
  std::optional<std::uint64_t> truncate_to, grow_to;
};

struct CrashFileSystem::Inode {
  std::uint64_t number = 0;
  Content content;  // what processes see
  Content durable;
  std::vector<Change> unsynced;
  bool locked = false;

  void apply(Change change) {
    replay(content, change);
    unsynced.push_back(std::move(change));
  }

  static void replay(Content& onto, const Change& change) {
    if (change.truncate_to) onto.resize(*change.truncate_to);
    if (change.grow_to && onto.size() < *change.grow_to) onto.resize(*change.grow_to);
    if (!change.bytes.empty()) write_into(onto, change.offset, change.bytes);
  }

  void sync() {
    for (const Change& change : unsynced) replay(durable, change);
    unsynced.clear();
  }

  [[nodiscard]] Content survivor(SeededRandom& random) const {
    Content out = durable;
    Survival survival(random);
    for (const Change& change : unsynced) {
      if (change.bytes.empty()) {
        if (survival.next()) replay(out, change);
        continue;
      }
      std::span<const std::byte> bytes(change.bytes);
      for (std::uint64_t at = change.offset; !bytes.empty();) {
        const std::size_t size = std::min<std::size_t>(bytes.size(), kSectorBytes - at % kSectorBytes);
        if (survival.next()) write_into(out, at, bytes.first(size));
        bytes = bytes.subspan(size);
        at += size;
      }
    }
    return out;
  }
};

/// A name that is not durable yet: `inode` null means removed. A rename is one change of two names.
struct CrashFileSystem::NameChange {
  std::string name;
  std::shared_ptr<Inode> inode;
  std::string removed_name;
};

struct CrashFileSystem::Disk {
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  Names names, durable;
  std::vector<NameChange> unsynced;
  std::set<std::string> directories;
  std::uint64_t next_inode = 1;

  static void replay(Names& onto, const NameChange& change) {
    if (!change.removed_name.empty()) onto.erase(change.removed_name);
    if (change.name.empty()) return;
    onto[change.name] = change.inode;
  }
  void apply(const NameChange& change) {
    replay(names, change);
    unsynced.push_back(change);
  }
};

class CrashFileSystem::OpenFile final : public ports::File {
 public:
  OpenFile(CrashFileSystem& files, std::shared_ptr<Inode> inode) : files_(files), inode_(std::move(inode)) {}

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    return change({offset, Content(bytes.begin(), bytes.end()), {}, {}});
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    const std::scoped_lock lock(files_.mutex_);
    UE_TRY(files_.powered());
    const Content& content = inode_->content;
    if (offset >= content.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(out.size(), content.size() - offset);
    std::memcpy(out.data(), content.data() + offset, size);
    return size;
  }
  Result<void> sync_data() override {
    const std::scoped_lock lock(files_.mutex_);
    return files_.at_sync([this] { inode_->sync(); });
  }
  Result<std::uint64_t> size() const override {
    const std::scoped_lock lock(files_.mutex_);
    UE_TRY(files_.powered());
    return inode_->content.size();
  }
  Result<void> truncate(std::uint64_t size) override { return change({0, {}, size, {}}); }
  Result<void> allocate(std::uint64_t size) override { return change({0, {}, {}, size}); }

 private:
  Result<void> change(Change change) {
    const std::scoped_lock lock(files_.mutex_);
    UE_TRY(files_.powered());
    inode_->apply(std::move(change));
    return {};
  }

  CrashFileSystem& files_;
  std::shared_ptr<Inode> inode_;
};

class CrashFileSystem::Lock final : public ports::FileLock {
 public:
  Lock(CrashFileSystem& files, std::shared_ptr<Inode> inode) : files_(files), inode_(std::move(inode)) {}
  ~Lock() override {
    const std::scoped_lock lock(files_.mutex_);
    inode_->locked = false;
  }

 private:
  CrashFileSystem& files_;
  std::shared_ptr<Inode> inode_;
};

CrashFileSystem::CrashFileSystem() : disk_(std::make_unique<Disk>()) {}
CrashFileSystem::~CrashFileSystem() = default;

void CrashFileSystem::cut_power_at_sync(std::uint64_t n, std::uint64_t seed) {
  const std::scoped_lock lock(mutex_);
  cut_at_ = syncs_ + n;
  cut_seed_ = seed;
}

void CrashFileSystem::cut_power(std::uint64_t seed) {
  const std::scoped_lock lock(mutex_);
  if (cut_) return;
  survivors_ = draw_survivors(seed);
  cut_ = true;
}

bool CrashFileSystem::power_is_cut() const {
  const std::scoped_lock lock(mutex_);
  return cut_;
}

std::unique_ptr<CrashFileSystem> CrashFileSystem::after_power_cut(std::uint64_t seed) {
  const std::scoped_lock lock(mutex_);
  auto out = std::make_unique<CrashFileSystem>();
  out->disk_ = survivors_ ? std::move(survivors_) : draw_survivors(seed);
  return out;
}

std::unique_ptr<CrashFileSystem> CrashFileSystem::copy() const {
  const std::scoped_lock lock(mutex_);
  auto out = std::make_unique<CrashFileSystem>();
  Disk& to = *out->disk_;
  to.directories = disk_->directories;
  to.next_inode = disk_->next_inode;
  for (const auto& [name, inode] : disk_->names) {
    auto copied = std::make_shared<Inode>();
    copied->number = to.next_inode++;
    copied->content = copied->durable = inode->content;
    to.names[name] = to.durable[name] = std::move(copied);
  }
  return out;
}

std::uint64_t CrashFileSystem::syncs() const {
  const std::scoped_lock lock(mutex_);
  return syncs_;
}

void CrashFileSystem::ignore_syncs() {
  const std::scoped_lock lock(mutex_);
  ignore_syncs_ = true;
}

void CrashFileSystem::drop_unsynced(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const auto found = disk_->names.find(path);
  if (found != disk_->names.end()) found->second->unsynced.clear();
}

void CrashFileSystem::set_free_bytes(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  free_bytes_ = bytes;
}

std::vector<std::byte> CrashFileSystem::content(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const auto found = disk_->names.find(path);
  return found == disk_->names.end() ? Content{} : found->second->content;
}

void CrashFileSystem::set_content(const std::string& path, std::vector<std::byte> content) {
  const std::scoped_lock lock(mutex_);
  auto& inode = disk_->names[path];
  if (!inode) {
    inode = std::make_shared<Inode>();
    inode->number = disk_->next_inode++;
    disk_->durable[path] = inode;
  }
  inode->content = inode->durable = std::move(content);
  inode->unsynced.clear();
}

Result<void> CrashFileSystem::powered() const {
  if (cut_) return fail(ErrorKind::io, "power-cut", "the power is cut");
  return {};
}

Result<void> CrashFileSystem::at_sync(const std::function<void()>& sync) {
  UE_TRY(powered());
  const bool cut_now = ++syncs_ == cut_at_;
  const bool takes_effect = !cut_now || SeededRandom(cut_seed_ * 2 + 1).below(3) == 0;
  if (takes_effect && !ignore_syncs_) sync();
  if (!cut_now) return {};
  survivors_ = draw_survivors(cut_seed_);
  cut_ = true;
  return powered();
}

std::unique_ptr<CrashFileSystem::Disk> CrashFileSystem::draw_survivors(std::uint64_t seed) const {
  SeededRandom random(seed);
  auto out = std::make_unique<Disk>();
  out->directories = disk_->directories;
  out->next_inode = disk_->next_inode;
  Disk::Names names = disk_->durable;
  Survival survival(random);
  std::vector<NameChange> kept;
  for (const NameChange& change : disk_->unsynced)
    if (survival.next()) kept.push_back(change);
  for (std::size_t i = kept.size(); i > 1; --i)
    if (random.below(4) == 0) std::swap(kept[i - 1], kept[random.below(i)]);
  for (const NameChange& change : kept) Disk::replay(names, change);
  for (const auto& [name, inode] : names) {
    auto survivor = std::make_shared<Inode>();
    survivor->number = inode->number;
    survivor->content = survivor->durable = inode->survivor(random);
    out->names[name] = out->durable[name] = std::move(survivor);
  }
  return out;
}

// ---- ports::FileSystem ----

Result<std::unique_ptr<ports::File>> CrashFileSystem::open(const std::string& path, ports::OpenMode mode) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  const auto found = disk_->names.find(path);
  const bool there = found != disk_->names.end();
  if (mode != ports::OpenMode::create_new) {
    if (!there) return missing(path);
    return std::make_unique<OpenFile>(*this, found->second);
  }
  if (there) return fail(ErrorKind::io, "file-error", "file exists: " + path);
  auto inode = std::make_shared<Inode>();
  inode->number = disk_->next_inode++;
  disk_->apply({path, inode, {}});
  return std::make_unique<OpenFile>(*this, std::move(inode));
}

Result<std::vector<std::string>> CrashFileSystem::list(const std::string& directory) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  if (!disk_->directories.contains(directory)) return missing(directory);
  std::vector<std::string> names;
  for (const auto& [path, inode] : disk_->names)
    if (directory_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  return names;
}

Result<bool> CrashFileSystem::exists(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  return disk_->names.contains(path) || disk_->directories.contains(path);
}

Result<void> CrashFileSystem::create_directories(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  disk_->directories.insert(path);
  return {};
}

Result<void> CrashFileSystem::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  const auto found = disk_->names.find(from);
  if (found == disk_->names.end()) return missing(from);
  const auto inode = found->second;
  disk_->apply({to, inode, from});
  return {};
}

Result<void> CrashFileSystem::remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  if (!disk_->names.contains(path)) return missing(path);
  disk_->apply({{}, nullptr, path});
  return {};
}

Result<void> CrashFileSystem::sync_directory(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const auto concerns = [&](const NameChange& change) {
    return directory_of(change.name.empty() ? change.removed_name : change.name) == path;
  };
  return at_sync([&] {
    for (const NameChange& change : disk_->unsynced)
      if (concerns(change)) Disk::replay(disk_->durable, change);
    std::erase_if(disk_->unsynced, concerns);
  });
}

Result<std::unique_ptr<ports::FileLock>> CrashFileSystem::lock(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  auto& inode = disk_->names[path];
  if (!inode) inode = std::make_shared<Inode>();
  if (inode->locked)
    return fail(ErrorKind::unavailable, "data-directory-in-use", "another process holds the lock " + path);
  inode->locked = true;
  return std::make_unique<Lock>(*this, inode);
}

Result<std::unique_ptr<ports::FileLock>> CrashFileSystem::lock_shared(const std::string& path) {
  UE_TRY_ASSIGN(const bool there, exists(path));
  if (!there) return missing(path);
  return lock(path);
}

Result<std::uint64_t> CrashFileSystem::free_bytes(const std::string&) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  return free_bytes_;
}

Result<std::string> CrashFileSystem::identity(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  UE_TRY(powered());
  const auto found = disk_->names.find(path);
  if (found == disk_->names.end()) return missing(path);
  return "model-host:" + std::to_string(found->second->number);
}

}  // namespace user_events::test
