// Start: finds the segments, checks their chain, cuts a torn tail, refuses damage.
#pragma once

#include <vector>

#include "journal/committer.h"
#include "journal/id_table.h"
#include "journal/identity.h"
#include "journal/journal.h"
#include "journal/segment.h"

namespace user_events::journal {

struct Recovered {
  std::vector<Segment> segments;  ///< Oldest first; the last is the active one.
  ActiveFile active;
  std::uint64_t last_ordinal = 0;
  std::uint64_t epoch = 0;  ///< In which the last segment was begun.
  IdTable ids;              ///< Of the active segment.
  std::optional<TornTail> torn_tail;
};

/// Whether the directory holds a segment.
[[nodiscard]] Result<bool> has_segments(const Storage& storage);

/// Error `not_found`, code `no-journal`, when it holds none or there is no directory.
[[nodiscard]] Result<void> require_segments(const Storage& storage);

/// Checks the active segment and the footers of the others, removes what no acknowledged record can be in,
/// makes the end durable. Creates the first segment in an empty directory. Errors: damaged (segment and
/// offset), io, full. Cost: one segment's read, and two small reads per segment.
[[nodiscard]] Result<Recovered> recover(const Storage& storage, const Identity& identity,
                                        const ports::Clock& clock, ports::Random& random,
                                        const IdHasher& hasher);

/// The same as far as it goes without writing: a torn tail is not read, leftovers stay, no segment is begun.
/// `active` holds no file. Error `not_found` when there is no segment that holds anything.
[[nodiscard]] Result<Recovered> recover_read_only(const Storage& storage, const Identity& identity,
                                                  const IdHasher& hasher);

/// The ids of callers in a segment, read from its frames. Errors: damaged, io.
[[nodiscard]] Result<IdEntries> read_ids(const Storage& storage, const Segment& segment, const IdHasher& hasher);

/// Reads a whole segment up to its end and checks checksums, sequence and chain. Errors: damaged, io.
[[nodiscard]] Result<void> scrub(const Storage& storage, const Segment& segment);

}  // namespace user_events::journal
