// Where an id of a caller may have been seen: a picture of all sealed segments that hold such ids.
#pragma once

#include <memory>
#include <vector>

#include "journal/id_index.h"
#include "journal/id_table.h"

namespace user_events::journal {

/// The ids of one sealed segment: in memory until its index is on disk.
struct IdSource {
  std::uint64_t ordinal = 0;
  std::uint64_t first_sequence = 0, last_sequence = 0;
  std::shared_ptr<const IdTable> table;  ///< May hold entries of later records too; they do not count.
  std::shared_ptr<const IdIndex> index;

  /// Appends all entries with this id. Errors: damaged, io.
  [[nodiscard]] Result<void> find_all(std::uint64_t id_hash, IdEntries& out) const;
};

/// Oldest first. Immutable; replaced as a whole.
using IdSources = std::vector<IdSource>;

/// Appends all entries with this id, newest segment first.
[[nodiscard]] Result<void> find_all(const IdSources& sources, std::uint64_t id_hash, IdEntries& out);

}  // namespace user_events::journal
