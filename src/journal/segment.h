// One segment: what is known about it in memory, and walking and checking its frames on disk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/format.h"
#include "ports/file_system.h"
#include "user_events/error.h"

namespace user_events::journal {

/// The directory and the way to it.
struct Storage {
  ports::FileSystem& files;
  std::string directory;

  [[nodiscard]] std::string path(const std::string& name) const { return directory + "/" + name; }
  [[nodiscard]] Result<void> sync_directory() const { return files.sync_directory(directory); }
};

/// Keeps others from opening the journal for writing meanwhile. Null: there is no lock file, as in a copy; no process had it open then.
[[nodiscard]] Result<std::unique_ptr<ports::FileLock>> share_lock(const Storage& storage);

/// What is known of a segment. The active one grows under the View's lock; the others no longer change but
/// for `file_bytes` and `sealed`.
struct Segment {
  Footer info;
  Hash start_hash{};                ///< Of the last frame before this segment.
  std::vector<SparseEntry> sparse;  ///< Of the active segment, and until the footer is written.
  std::uint64_t file_bytes = 0;
  std::uint64_t index_bytes = 0;
  bool sealed = false;  ///< Its footer is on disk.

  [[nodiscard]] bool empty() const noexcept { return info.last_sequence < info.base_sequence; }
  /// Takes a frame at info.end_offset into account.
  void add(const FrameHeader& header, const Hash& hash);
};

/// The segment that a new file with this header is.
[[nodiscard]] Segment begin_segment(const SegmentHeader& header);

/// The header of the segment that follows `previous`.
[[nodiscard]] SegmentHeader next_header(const Segment& previous, PreviousEnd previous_end,
                                        const JournalUuid& journal, std::uint64_t epoch);

/// Error `damaged` that names the place.
[[nodiscard]] std::unexpected<Error> damage(std::uint64_t ordinal, std::uint64_t offset,
                                            std::string_view what);

/// Walks a segment's frames front to back through a window, and checks each.
class FrameScanner {
 public:
  struct Item {
    FrameHeader header;
    std::span<const std::byte> bytes;  ///< Header and body; until the next call.
    [[nodiscard]] std::span<const std::byte> body() const noexcept {
      return bytes.subspan(kFrameHeaderBytes);
    }
  };

  /// Walks [offset, end) of the file, whose frames carry `salt`.
  FrameScanner(const ports::File& file, std::uint64_t salt, std::uint64_t offset, std::uint64_t end);
  /// Also checks sequence numbers and the hash chain from here on; `hash()` then names the last frame
  /// returned.
  void expect_chain(std::uint64_t next_sequence, const Hash& previous);

  /// The next good frame; nullopt when there is none at offset() (see why()). Errors: io.
  [[nodiscard]] Result<std::optional<Item>> next();
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] const Hash& hash() const noexcept { return chain_hash_; }
  [[nodiscard]] std::string_view why() const noexcept { return why_; }

 private:
  [[nodiscard]] Result<std::span<const std::byte>> window(std::uint64_t bytes);
  std::optional<Item> none(std::string_view why) noexcept;

  const ports::File& file_;
  std::uint64_t salt_, offset_, end_;
  std::string buffer_;
  std::uint64_t buffer_offset_ = 0;
  bool chained_ = false;
  std::uint64_t next_sequence_ = 0;
  Hash chain_hash_{};
  Sha256 sha_;
  std::string_view why_;
};

/// Where the first frame header that `matches` stands at or after `from`; nullopt if nowhere.
[[nodiscard]] Result<std::optional<std::uint64_t>> find_frame_after(
    const ports::File& file, std::uint64_t from,
    const std::function<bool(const FrameHeader& header, std::uint64_t offset)>& matches);

/// Where the last byte behind `from` that is not zero ends; `from` when there is none. Space that is reserved ahead is zeros.
[[nodiscard]] Result<std::uint64_t> end_of_content(const ports::File& file, std::uint64_t from);

/// Makes the file durable with its header and its name. After an error the file may be there or not, and a
/// power cut may change that: whoever goes on opens another one.
[[nodiscard]] Result<std::unique_ptr<ports::File>> create_segment(const Storage& storage,
                                                                  const SegmentHeader& header);

/// Cuts the file at its end_offset, writes the footer there and syncs. Returns the size of the file.
[[nodiscard]] Result<std::uint64_t> write_footer(const Storage& storage, const Footer& info,
                                                 std::span<const SparseEntry> sparse);

/// Reads and checks the footer; nullopt when there is no good one.
[[nodiscard]] Result<std::optional<Segment>> read_footer(const ports::File& file,
                                                         const SegmentHeader& header);

/// The sparse entries of a sealed segment. Error `damaged`.
[[nodiscard]] Result<std::vector<SparseEntry>> read_sparse(const ports::File& file, std::uint64_t ordinal);

}  // namespace user_events::journal
