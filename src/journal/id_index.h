// The immutable index of the ids of callers in one sealed segment: sorted pages behind a filter. Layout:
// docs/journal-format.md.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/id_table.h"
#include "journal/segment.h"

namespace user_events::journal {

/// How much memory the filters of all indexes may take; beyond it, filters are read from the file page by
/// page.
class FilterBudget {
 public:
  explicit FilterBudget(std::size_t bytes) : left_(static_cast<std::int64_t>(bytes)) {}
  [[nodiscard]] bool take(std::size_t bytes) noexcept {
    if (left_.fetch_sub(static_cast<std::int64_t>(bytes)) >= static_cast<std::int64_t>(bytes)) return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::size_t bytes) noexcept { left_.fetch_add(static_cast<std::int64_t>(bytes)); }

 private:
  std::atomic<std::int64_t> left_;
};

/// Which segment an index belongs to and with which keys it was made.
struct IndexOwner {
  std::uint64_t ordinal = 0;
  std::uint64_t salt = 0;
  std::uint64_t key_check = 0;
};

/// Thread-safe: immutable once open.
class IdIndex {
 public:
  /// Sorts the entries and writes the index at once or not at all.
  [[nodiscard]] static Result<void> write(const Storage& storage, const IndexOwner& owner, IdEntries entries);
  /// nullptr when the index is missing, damaged or of another owner: it can always be made again from its
  /// segment.
  [[nodiscard]] static Result<std::shared_ptr<const IdIndex>> open(const Storage& storage,
                                                                   const IndexOwner& owner,
                                                                   std::shared_ptr<FilterBudget> budget);
  ~IdIndex();

  /// Appends all entries with this id. Cost when there is none: some 20 ns with the filter in memory, else
  /// one read of a page; when there is one, one or two reads of a page. Error `damaged`: make the index
  /// again.
  [[nodiscard]] Result<void> find_all(std::uint64_t id_hash, IdEntries& out) const;
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  /// A page did not match its checksum: the index must be made again.
  [[nodiscard]] bool bad() const noexcept { return bad_.load(std::memory_order_relaxed); }

 private:
  IdIndex() = default;
  [[nodiscard]] Result<void> read_page(std::uint64_t page, std::span<std::byte> out) const;
  [[nodiscard]] Result<bool> maybe_contains(std::uint64_t id_hash) const;

  std::unique_ptr<ports::File> file_;
  std::shared_ptr<FilterBudget> budget_;
  std::string filter_;                 // pages, or empty
  std::vector<std::uint64_t> fences_;  // first id_hash of each page of entries
  std::uint64_t filter_pages_ = 0, entry_pages_ = 0, file_bytes_ = 0;
  std::uint64_t ordinal_ = 0;
  mutable std::atomic<bool> bad_{false};
};

}  // namespace user_events::journal
