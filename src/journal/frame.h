// A frame on its way: staged batches, then header, checksum and hash, then durable bytes that readers share.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "journal/format.h"
#include "journal/journal.h"

namespace user_events::journal {

/// One `append` inside a frame.
struct Batch {
  Completion completion;
  std::uint64_t first_sequence = 0;  ///< Of its new records.
  std::uint32_t record_count = 0;
  std::vector<Receipt> receipts;  ///< Only when there are duplicates among them; else they count up.
};

/// One group commit under construction. `bytes` begins with room for the header.
struct Frame {
  std::string bytes;
  std::vector<Batch> batches;
  FrameHeader header;
  bool built = false;
  bool starts_segment = false;  ///< Goes to the beginning of a new segment with header.salt.
  std::uint64_t staged_bytes = 0;
  Hash hash{};

  [[nodiscard]] bool has_records() const noexcept { return header.record_count != 0; }
};

/// Where the next frame goes, and after which.
struct FramePosition {
  std::uint64_t salt = 0;
  std::uint64_t offset = kSegmentHeaderBytes;
  Hash previous{};
};

/// Completes frames in order: place, header, checksum, hash. Used by one thread at a time.
class FrameBuilder {
 public:
  FrameBuilder(std::uint64_t segment_bytes, ports::Random& random)
      : segment_bytes_(segment_bytes), random_(random) {}
  void reset(const FramePosition& position) noexcept { position_ = position; }
  void build(Frame& frame);

 private:
  std::uint64_t segment_bytes_;
  ports::Random& random_;
  FramePosition position_;
  Sha256 sha_;
};

/// Gives frames' buffers back for reuse, so that a busy journal touches no fresh memory. Thread-safe.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  [[nodiscard]] std::string take();
  void give_back(std::string&& buffer) noexcept;
  /// The same bytes for readers; the buffer comes back when the last of them is gone. Small contents of a
  /// large buffer are copied out.
  [[nodiscard]] std::shared_ptr<const std::string> share(std::string&& buffer);

 private:
  std::mutex mutex_;
  std::vector<std::string> free_;
  std::size_t free_bytes_ = 0;
};

/// The only maker of chunks.
class ChunkBuilder {
 public:
  using Records = std::shared_ptr<const std::vector<RecordView>>;
  [[nodiscard]] static Chunk make(std::shared_ptr<const std::string> bytes, Records records);
  /// All records of the frame in `bytes`; empty if they are not what the header says.
  [[nodiscard]] static Chunk parse(const FrameHeader& header, std::shared_ptr<const std::string> bytes);
  /// The part after `sequence`.
  [[nodiscard]] static Chunk after(const Chunk& chunk, std::uint64_t sequence);
};

}  // namespace user_events::journal
