// The journal's chunks that a runner still needs: from its low-water mark to the newest record it offered.
#pragma once

#include <cstdint>
#include <deque>

#include "journal/journal.h"

namespace user_events::delivery {

/// Not thread-safe. Sequences are contiguous: each pushed chunk begins right after the one before.
class ChunkWindow {
 public:
  /// Above this no further chunk is read, so the memory is at most this and one chunk more.
  static constexpr std::size_t kMaxBytes = 32u << 20;

  [[nodiscard]] bool has_room() const noexcept { return bytes_ < kMaxBytes; }
  void push(journal::Chunk chunk);
  /// nullptr if it is not here. O(1) for neighbours of the last one found, else a binary search over the chunks.
  [[nodiscard]] const journal::RecordView* find(std::uint64_t sequence) noexcept;
  /// Forgets the chunks that end at or below `sequence`.
  void drop_through(std::uint64_t sequence) noexcept;
  void clear() noexcept { *this = {}; }

 private:
  struct Held {
    journal::Chunk chunk;
    std::size_t bytes;
  };
  std::deque<Held> chunks_;
  std::size_t bytes_ = 0;
  std::size_t hint_ = 0;  // where the last record was found
};

}  // namespace user_events::delivery
