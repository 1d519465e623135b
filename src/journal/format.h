// The bytes of the journal's files, as docs/journal-format.md describes them. No I/O here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/hashing.h"
#include "journal/record.h"

namespace user_events::journal {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 4096;
inline constexpr std::size_t kFrameHeaderBytes = 128;
inline constexpr std::size_t kFooterBytes = 256;
inline constexpr std::size_t kSparseEntryBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 32;
inline constexpr std::uint64_t kFrameAlignment = 8;
/// One sparse entry per this many bytes of frames, at least.
inline constexpr std::uint64_t kSparseStrideBytes = 1ull << 20;

using JournalUuid = std::array<std::byte, 16>;

/// How the segment before this one ended.
enum class PreviousEnd : std::uint32_t {
  none = 0,      ///< There is none.
  complete = 1,  ///< It was full.
  broken = 2,    ///< A write or sync failed: what stands after `previous_end_offset` is void.
};

struct SegmentHeader {
  JournalUuid journal{};
  std::uint64_t epoch = 0;
  std::uint64_t ordinal = 0;
  std::uint64_t base_sequence = 1;
  std::uint64_t previous_ordinal = 0;  ///< 0: none.
  std::uint64_t previous_end_offset = 0;
  PreviousEnd previous_end = PreviousEnd::none;
  std::int64_t created_ms = 0;
  std::int64_t accepted_floor_ms =
      0;                   ///< Accepted time of the last record before; later ones are not below it.
  std::uint64_t salt = 0;  ///< In every frame header of this segment; nobody outside can guess it.
  Hash previous_hash{};    ///< Hash of the last frame before this segment.
};

using SegmentHeaderBytes = std::array<std::byte, kSegmentHeaderBytes>;
void encode(const SegmentHeader& header, SegmentHeaderBytes& out) noexcept;
[[nodiscard]] std::optional<SegmentHeader> decode_segment_header(std::span<const std::byte> bytes) noexcept;

struct FrameHeader {
  std::uint64_t salt = 0;
  std::uint64_t offset = 0;  ///< Where the frame stands in its file.
  std::uint64_t first_sequence = 0;
  std::uint32_t record_count = 0;
  std::uint32_t caller_ids = 0;
  std::uint32_t body_bytes = 0;  ///< Without header; a multiple of kFrameAlignment.
  std::uint32_t body_crc = 0;
  std::int64_t accepted_first_ms = 0, accepted_last_ms = 0;
  std::int64_t wall_lowest_ms =
      0;  ///< Lowest reading of the wall clock; below accepted_first_ms when the clock was set back.
  Hash previous_hash{};

  [[nodiscard]] std::uint64_t last_sequence() const noexcept { return first_sequence + record_count - 1; }
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return kFrameHeaderBytes + body_bytes; }
};

void encode(const FrameHeader& header, std::span<std::byte, kFrameHeaderBytes> out) noexcept;
/// nullopt unless magic, version, own CRC and inner consistency are right.
[[nodiscard]] std::optional<FrameHeader> decode_frame_header(std::span<const std::byte> bytes) noexcept;

/// Bytes of the record on disk.
[[nodiscard]] std::size_t encoded_size(const RecordDraft& draft) noexcept;
/// Writes encoded_size(draft) bytes; returns the end.
std::byte* encode(const RecordDraft& draft, std::int64_t accepted_ms, std::byte* out) noexcept;
/// Parses the record at the start of `bytes`; returns its size, 0 if it is none.
[[nodiscard]] std::size_t decode_record(std::span<const std::byte> bytes, std::uint64_t sequence,
                                        RecordView& out) noexcept;
/// Parses all records of a frame's body. False if they are not what the header says.
[[nodiscard]] bool decode_records(const FrameHeader& header, std::span<const std::byte> body,
                                  std::vector<RecordView>& out);

/// A place to start walking a segment from.
struct SparseEntry {
  std::uint64_t offset = 0;
  std::uint64_t first_sequence = 0;
  std::int64_t accepted_first_ms = 0;
  std::int64_t wall_lowest_ms = 0;  ///< Over the frames from here to the next entry.
};

/// What a complete segment holds; at the end of its file.
struct Footer {
  std::uint64_t salt = 0;
  std::uint64_t ordinal = 0;
  std::uint64_t base_sequence = 1;
  std::uint64_t last_sequence = 0;  ///< base_sequence - 1 when there is no record.
  std::uint64_t end_offset = kSegmentHeaderBytes;
  std::uint64_t frames = 0;
  std::uint64_t caller_ids = 0;
  std::int64_t accepted_first_ms = 0, accepted_last_ms = 0, wall_lowest_ms = 0;
  Hash last_hash{};
};

/// Sparse entries followed by the footer: what stands from end_offset to the end of a complete segment's
/// file.
[[nodiscard]] std::string encode_footer(const Footer& footer, std::span<const SparseEntry> sparse);
/// From the last kFooterBytes of the file. `sparse_count` and `sparse_crc` describe what stands before.
struct DecodedFooter {
  Footer footer;
  std::uint32_t sparse_count = 0;
  std::uint32_t sparse_crc = 0;
};
[[nodiscard]] std::optional<DecodedFooter> decode_footer(std::span<const std::byte> bytes) noexcept;
[[nodiscard]] std::optional<std::vector<SparseEntry>> decode_sparse(std::span<const std::byte> bytes,
                                                                    const DecodedFooter& footer);

/// `00000000000000000007.segment`
[[nodiscard]] std::string segment_name(std::uint64_t ordinal);
/// `00000000000000000007.ids`
[[nodiscard]] std::string index_name(std::uint64_t ordinal);
/// The ordinal in a name with that ending; nullopt if it is not one.
[[nodiscard]] std::optional<std::uint64_t> parse_name(std::string_view name,
                                                      std::string_view ending) noexcept;

}  // namespace user_events::journal
