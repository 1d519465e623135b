#include "delivery/ahead_set.h"

#include <bit>
#include <cstddef>

namespace user_events::delivery {
namespace {

/// Words that are moved at once when the bitmap slides: keeps sliding O(1) amortised.
constexpr std::size_t kSlideWords = 1'024;

}  // namespace

void append_range(std::uint64_t first, std::uint64_t last, std::vector<std::pair<std::uint64_t, std::uint64_t>>& out) {
  if (first >= last) return;
  if (!out.empty() && out.back().second == first)
    out.back().second = last;
  else
    out.emplace_back(first, last);
}

bool AheadSet::add(std::uint64_t sequence) {
  if (sequence < base_) return false;
  const std::uint64_t bit = sequence - base_;
  if (bit >= kMaxAhead) return false;
  if (bit / 64 >= words_.size()) words_.resize(bit / 64 + 1);
  words_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  return true;
}

void AheadSet::drop_below(std::uint64_t sequence) {
  if (sequence < base_) return;
  const std::uint64_t gone = (sequence - base_) / 64;
  if (gone >= words_.size()) {
    words_.clear();
    base_ += gone * 64;
  } else if (gone >= kSlideWords) {
    words_.erase(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(gone));
    base_ += gone * 64;
  }
}

void AheadSet::append_ranges(std::uint64_t first, std::vector<std::pair<std::uint64_t, std::uint64_t>>& out) const {
  for (std::size_t i = first > base_ ? (first - base_) / 64 : 0; i < words_.size(); ++i) {
    const std::uint64_t start = base_ + i * 64;
    std::uint64_t word = words_[i];
    if (first > start && first - start < 64) word &= ~std::uint64_t{0} << (first - start);
    while (word != 0) {
      const int from = std::countr_zero(word);
      const int length = std::countr_one(word >> from);
      append_range(start + static_cast<std::uint64_t>(from), start + static_cast<std::uint64_t>(from + length), out);
      if (from + length >= 64) break;
      word &= ~std::uint64_t{0} << (from + length);
    }
  }
}

}  // namespace user_events::delivery
