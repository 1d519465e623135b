// Ids of callers that are not in a sealed segment's index yet: a flat hash table in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/page_allocator.h"
#include "journal/hashing.h"
#include "journal/record.h"

namespace user_events::journal {

/// Where an id was accepted and under which request MAC.
struct IdEntry {
  std::uint64_t id_hash = 0;  ///< SipHash of the id.
  std::uint64_t scoped_hash =
      0;  ///< SipHash of scope and id under another key: 128 bits in all tell ids apart.
  RequestMac mac{};
  std::uint64_t sequence = 0;  ///< 0: an empty slot.
};

/// A full segment has megabytes of them, and they go with its index.
using IdEntries = std::vector<IdEntry, base::PageAllocator<IdEntry>>;

/// Both hashes of an id in its scope.
struct IdHashes {
  std::uint64_t id_hash = 0, scoped_hash = 0;
};

class IdHasher {
 public:
  /// Keys from the data directory's secret.
  explicit IdHasher(std::span<const std::byte, 32> secret) noexcept;
  [[nodiscard]] IdHashes operator()(std::string_view scope, std::string_view id) const noexcept;
  [[nodiscard]] std::uint64_t id_hash(std::string_view id) const noexcept { return siphash(id_key_, id); }
  /// Tells whether an index was written with the same keys.
  [[nodiscard]] std::uint64_t check() const noexcept;

 private:
  IdHashKey id_key_, scope_key_;
};

/// Not thread-safe. 57 to 114 bytes an id.
class IdTable {
 public:
  [[nodiscard]] const IdEntry* find(IdHashes hashes) const noexcept;
  /// Appends all entries with this id, whatever their scope.
  void find_all(std::uint64_t id_hash, IdEntries& out) const;
  void insert(const IdEntry& entry);
  void erase(IdHashes hashes) noexcept;
  /// Drops the entries of records that were never accepted.
  void erase_after(std::uint64_t sequence);
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Appends those with first <= sequence <= last.
  void collect(std::uint64_t first, std::uint64_t last, IdEntries& out) const;

 private:
  [[nodiscard]] std::size_t home(std::uint64_t id_hash) const noexcept {
    return id_hash & (slots_.size() - 1);
  }
  void place(const IdEntry& entry) noexcept;
  void resize(std::size_t slots);

  IdEntries slots_;  // a power of two, at most 0.7 full
  std::size_t size_ = 0;
};

}  // namespace user_events::journal
