// Walks a journal's files as they lie there, without opening the journal, and goes on behind whatever is wrong: for those who ask what was done to it.
// Needs no secret and writes nothing. What it can and cannot know: docs/security/audit.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "journal/format.h"
#include "journal/journal.h"
#include "ports/file_system.h"

namespace user_events::journal {

/// What a place tells of what happened to it.
enum class DefectKind : std::uint8_t {
  altered,    ///< Bytes are not those that were written.
  removed,    ///< Records are missing between others.
  reordered,  ///< A frame stands where another was.
  truncated,  ///< The end is missing.
};
[[nodiscard]] std::string_view to_text(DefectKind kind) noexcept;

struct ChainDefect {
  DefectKind kind = DefectKind::altered;
  std::uint64_t ordinal = 0, offset = 0;              ///< Segment, and where in it.
  std::uint64_t first_sequence = 0, last_sequence = 0;  ///< Records that it is about; 0: not known.
  std::int64_t before_ms = 0, after_ms = 0;           ///< Accepted times of the good records around it; 0: there is none.
  std::string what;
};

/// A frame whose checksum is right. Whether it follows from the one before was judged when it is handed out.
struct WalkedFrame {
  const FrameHeader& header;
  std::span<const std::byte> body;
  const Hash& hash;
  std::uint64_t ordinal = 0;
  std::string_view journal;  ///< Its lasting id.
};

struct ChainSummary {
  std::string journal;  ///< Its lasting id; empty: there is no segment.
  std::uint64_t segments = 0, frames = 0, records = 0, bytes = 0;
  Head before;          ///< What the oldest segment begins after, as it says.
  Head end;             ///< The last record and the hash of its frame.
  std::int64_t first_ms = 0, last_ms = 0;
  std::uint64_t last_ordinal = 0, last_offset = 0;  ///< Where the end is.
  std::uint64_t torn_bytes = 0;  ///< Half written behind the end: what a process that died leaves, or an attacker.
};

struct ChainObserver {
  std::function<bool(const WalkedFrame&)> on_frame;  ///< False: no more is wanted.
  std::function<void(ChainDefect)> on_defect;
};

/// Errors: not_found (no directory, no segment), io. Cost: a full read, one SHA-256 over everything.
[[nodiscard]] Result<ChainSummary> walk_chain(ports::FileSystem& files, const std::string& directory, const ChainObserver& observer);

}  // namespace user_events::journal
