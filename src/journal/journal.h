// The durable heart: an append-only, checksummed, hash-chained log of segments with group commit.
// Format: docs/journal-format.md. Knows no other room but `base` and `ports`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/hashing.h"
#include "journal/record.h"
#include "ports/clock.h"
#include "ports/file_system.h"
#include "ports/random.h"
#include "user_events/error.h"

namespace user_events::journal {

/// A place in the journal that stands for everything up to it: a record that ends a frame, and that frame's hash. Zeros: before the first.
struct Head {
  std::uint64_t sequence = 0;
  Hash hash{};
  friend bool operator==(const Head&, const Head&) = default;
};

/// A segment that retention is about to remove.
struct Removal {
  std::uint64_t ordinal = 0;
  std::uint64_t first_sequence = 0;
  Head end;  ///< What the segment behind it begins after.
  std::int64_t accepted_last_ms = 0;
};

/// What a process that died left half written behind the last good frame, and the start cut off.
struct TornTail {
  std::uint64_t ordinal = 0, offset = 0, bytes = 0;
};

struct Options {
  /// Writes nothing at all, not even a missing directory: no recovery on disk, no threads, `append` is
  /// refused
  /// (`usage`, code `read-only`). Shares the lock with other readers. A torn tail is not read; a copied
  /// directory keeps its id. Error `not_found`, code `no-journal`, when there is none.
  bool read_only = false;
  std::string directory;                      ///< Created if missing. One process at a time (lock file).
  std::uint64_t segment_bytes = 64ull << 20;  ///< A segment is sealed when the next frame would pass this.
  std::uint64_t max_frame_bytes =
      4ull
      << 20;  ///< A group commit takes at most this much (one batch may be larger, up to max_batch_bytes).
  std::uint64_t max_batch_bytes = 16ull << 20;  ///< A larger `append` is refused, `too_large`.
  std::uint64_t staging_bytes = 32ull << 20;    ///< Handed in and not yet written, with 256 bytes a batch and
                                              ///< 64 a record on top; beyond it `append` waits or refuses.
  std::chrono::milliseconds longest_hold{5};  ///< A `hold` keeps nothing back for longer.
  std::uint64_t recent_frames_bytes =
      16ull << 20;  ///< Durable frames kept in memory for readers that follow closely.
  std::uint64_t reserve_bytes = 16ull
                                << 20;  ///< Free disk space below which new records are refused (`full`).
  std::uint64_t max_bytes = 0;          ///< Total size above which new records are refused; 0: the disk's.
  std::uint64_t retention_bytes =
      0;  ///< Sealed segments beyond this are removed, oldest first; 0: no limit by size.
  std::chrono::milliseconds retention_age{
      std::chrono::hours(24 * 7)};  ///< …or when their last record is older; 0: no limit by age.
  std::chrono::milliseconds idempotency_window{
      std::chrono::hours(24)};  ///< Never removed while younger: a repeated id is known this long.
  /// Called before a segment is removed, on a thread of the journal or of apply_retention; after an error it stays and is tried again. May append to
  /// this very journal, and wait for it.
  std::function<Result<void>(const Removal&)> before_removal = {};
  std::chrono::milliseconds scrub_pause{
      5'000};  ///< Between two segments that the background scrubber reads; 0: no scrubbing.
};

/// What a record got. `duplicate`: the id was already accepted with the same content; `sequence` is the first
/// one's.
struct Receipt {
  std::uint64_t sequence = 0;
  bool duplicate = false;
};

/// Called once, on the journal's commit thread, after the outcome is final: all receipts, or the error of the
/// whole batch. Must not block. `append` from here is never made to wait: a full staging buffer refuses it;
/// `append_wait` from here fails. `receipts` is valid during the call.
using Completion = std::move_only_function<void(const Result<std::span<const Receipt>>&)>;

enum class Backpressure : std::uint8_t { wait, refuse };

/// Durable records in memory: one frame. Keeps its bytes alive; cheap to copy.
class Chunk {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return records_ ? records_->size() : 0; }
  [[nodiscard]] const RecordView& operator[](std::size_t i) const noexcept { return (*records_)[i]; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::uint64_t first_sequence() const noexcept { return (*records_)[0].sequence; }
  [[nodiscard]] std::uint64_t last_sequence() const noexcept { return (*records_)[size() - 1].sequence; }

 private:
  friend class ChunkBuilder;
  std::shared_ptr<const std::string> bytes_;
  std::shared_ptr<const std::vector<RecordView>> records_;
};

struct Stats {
  std::uint64_t first_sequence = 1;    ///< Oldest record still held (or the next one, when empty).
  std::uint64_t durable_sequence = 0;  ///< Last acknowledged record; 0 when empty.
  std::uint64_t records_accepted = 0, duplicates = 0, conflicts = 0, refused_full = 0;  ///< Since start.
  std::uint64_t frames = 0, bytes_written = 0, syncs = 0;                               ///< Since start.
  std::uint64_t disk_bytes = 0;  ///< All segments and indexes.
  std::uint64_t segments = 0;
  bool accepting = true;  ///< False after a failure that stopped acceptance, or while full.
  std::string problem;  ///< Why not, or the damage that the scrubber found; one line, empty when all is well.
};

class Journal;

/// Walks durable records in order. Use from one thread at a time; many readers may run at once. Must not
/// outlive its journal; the chunks it returned may.
class Reader {
 public:
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  /// The next frame's records after the last returned (the first call may start inside a frame). Empty at the
  /// end. Error `damaged` names segment and offset, and repeats at every call: damage is never skipped. Error
  /// `not_found`, code `expired`, when retention removed the position.
  [[nodiscard]] Result<Chunk> next();
  /// Continues after `sequence` (0: from the oldest).
  void seek(std::uint64_t after_sequence);

  struct Impl;

 private:
  friend class Journal;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Thread-safe. Three threads of its own: one builds and hashes frames, one writes and syncs them and calls
/// completions and listeners, one does what can wait (footers, id indexes, retention, scrubbing).
class Journal {
 public:
  /// Opens or creates. Recovers: a torn last frame is cut off; damage before a good frame refuses the start
  /// (`damaged`, with segment and offset). Checks the active segment and the footers of sealed ones. Cost:
  /// one segment's read.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(ports::FileSystem& files,
                                                             const ports::Clock& clock, ports::Random& random,
                                                             Options options);
  ~Journal();  ///< close().

  /// Hands in a batch, all or none, in one frame. `completion` is called exactly once, from the commit thread
  /// or, on refusal, from this call. Copies the drafts. Cost: about 100 ns and one memcpy a record; no system
  /// call. Errors: conflict (code `id-conflict`: same scope and id, other request MAC; fields[].pointer =
  /// `/INDEX`), full, too_large, unavailable (staging full with refuse, or closing), io (after a failed write
  /// or sync of this batch).
  void append(std::span<const RecordDraft> drafts, Backpressure backpressure, Completion completion);

  /// append and wait. Blocks for about one fdatasync. From a completion or a listener, which run on the
  /// thread that it would wait for: error `usage`, code `called-from-callback`.
  [[nodiscard]] Result<std::vector<Receipt>> append_wait(std::span<const RecordDraft> drafts);

  /// Between the two, what is appended does not start a commit batch by batch, so that many small batches
  /// share one; `release` starts it. A commit begins all the same when `append_wait` waits for it, when the
  /// staging buffer is full, from 64 KiB on, after `longest_hold`, and at `close`. Any thread; pairs may nest and overlap. For
  /// moments, not for waiting: what others append meanwhile is held back too.
  void hold();
  void release();

  [[nodiscard]] Reader reader(std::uint64_t after_sequence) const;

  /// The record with this id in this scope: by the index for ids of callers, by time for UUIDv7 ids.
  /// `chunk[index]`.
  struct Found {
    Chunk chunk;
    std::size_t index = 0;
  };
  /// With an empty scope: in any scope. Error `not_found`.
  [[nodiscard]] Result<Found> find(std::string_view scope, std::string_view id) const;

  [[nodiscard]] std::uint64_t durable_sequence() const noexcept;
  /// Where it ends now: durable, and at the end of a frame.
  [[nodiscard]] Head head() const;
  /// What was before the oldest record that is kept.
  [[nodiscard]] Head beginning() const;
  /// What the start cut off; nothing if it ended whole.
  [[nodiscard]] const std::optional<TornTail>& torn_tail() const noexcept;
  /// First sequence whose record was accepted at or after `time_ms` (next sequence if none).
  [[nodiscard]] Result<std::uint64_t> sequence_at_time(std::int64_t time_ms) const;
  /// Waits until durable_sequence() > after, or the time-out, or close. Returns durable_sequence().
  std::uint64_t wait_durable(std::uint64_t after, std::chrono::milliseconds timeout) const;
  /// Calls `listener` (must not block) on the commit thread after each group commit, once all its completions
  /// have been called: who gathers completions knows then that no more of them follow. Returns a token for
  /// remove_listener, which returns only when the listener is not running and will not be called again.
  std::uint64_t add_listener(std::function<void(std::uint64_t durable)> listener);
  void remove_listener(std::uint64_t token);

  /// Records above `sequence` are still needed: retention never removes them. Default 0 (everything is
  /// needed).
  void set_needed_after(std::uint64_t sequence);
  /// As with 0; a removal that was under way has ended when it returns.
  void keep_everything();
  /// Removes what retention allows now; also done in the background. Returns the number of segments removed.
  [[nodiscard]] Result<std::size_t> apply_retention();

  /// Reads everything that is durable now and checks checksums, sequence numbers and the hash chain. Cost: a
  /// full read. Error `damaged` with segment and offset.
  [[nodiscard]] Result<void> verify() const;

  /// `journalid` on the wire: unique for this journal and epoch (a restored or copied directory gets a new
  /// one). 35 characters.
  [[nodiscard]] const std::string& id() const noexcept;
  /// The part before the dot: the same in every epoch.
  [[nodiscard]] std::string_view lasting_id() const noexcept { return std::string_view(id()).substr(0, id().find('.')); }
  /// 32 secret bytes of this data directory (mode 0600 beside the segments): keys for request MACs and
  /// identifier tokens.
  [[nodiscard]] std::span<const std::byte, 32> secret() const noexcept;
  [[nodiscard]] Stats stats() const;

  /// Commits what was handed in, then stops. Later appends fail `unavailable`. Idempotent.
  void close();

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::journal
