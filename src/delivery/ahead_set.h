// Sequences known to be done beyond what was offered: from the saved position, and from reconciliation.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace user_events::delivery {

/// A bitmap that slides upwards: one bit a sequence, at most kMaxAhead bits (2 MiB). Not thread-safe.
class AheadSet {
 public:
  /// A sequence further ahead than this is not remembered: that event is sent again, which at-least-once allows.
  static constexpr std::uint64_t kMaxAhead = 16ull << 20;

  /// Nothing below `first` is ever asked for.
  explicit AheadSet(std::uint64_t first) : base_(first & ~std::uint64_t{63}) {}

  /// O(1) amortised. False if it is too far ahead.
  bool add(std::uint64_t sequence);
  [[nodiscard]] bool contains(std::uint64_t sequence) const noexcept {
    if (sequence < base_) return false;
    const std::uint64_t bit = sequence - base_;
    return bit / 64 < words_.size() && ((words_[bit / 64] >> (bit % 64)) & 1) != 0;
  }
  /// Forgets everything below `sequence`. O(1) amortised.
  void drop_below(std::uint64_t sequence);
  /// Appends the half-open ranges at or above `first`, ascending, joined to the last range of `out` where they touch.
  void append_ranges(std::uint64_t first, std::vector<std::pair<std::uint64_t, std::uint64_t>>& out) const;

 private:
  std::uint64_t base_;  // multiple of 64: the sequence of bit 0
  std::vector<std::uint64_t> words_;
};

/// Adds [first, last) to ascending ranges; joins it to the last one where they touch.
void append_range(std::uint64_t first, std::uint64_t last, std::vector<std::pair<std::uint64_t, std::uint64_t>>& out);

}  // namespace user_events::delivery
