// Who this data directory is: its secret, its lasting id and its epoch.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "journal/segment.h"
#include "ports/random.h"

namespace user_events::journal {

struct Identity {
  std::array<std::byte, 32> secret{};
  JournalUuid journal{};
  std::uint64_t epoch = 0;
  bool new_epoch = false;  ///< The directory is new, or was copied, moved or restored since it was last open.
  std::string text;        ///< `journalid`: 26 characters for the journal, a dot, 8 for the epoch.
};

/// Reads the files `secret`, `journal` and `epoch`, or makes them durably. `has_segments`: then the first two
/// must exist. Errors: damaged, io, full.
[[nodiscard]] Result<Identity> open_identity(const Storage& storage, ports::Random& random,
                                             bool has_segments);

/// Writes the marker of the epoch as a new file. Done at every open and close, so that an older content of
/// the marker, restored in place, is not taken for the current one.
[[nodiscard]] Result<void> renew_epoch_marker(const Storage& storage, const Identity& identity);

/// The same as open_identity without writing anything: the epoch is the stored one, 0 when there is none.
/// Error `damaged` when a file is missing or not what was written.
[[nodiscard]] Result<Identity> read_identity(const Storage& storage);

/// The 26 characters of a journal's lasting id.
[[nodiscard]] std::string journal_text(const JournalUuid& journal);

/// The epoch becomes `epoch`, in the text, too.
void set_epoch(Identity& identity, std::uint64_t epoch);

}  // namespace user_events::journal
