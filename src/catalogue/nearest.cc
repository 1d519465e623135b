#include "catalogue/nearest.h"

#include <algorithm>
#include <array>

namespace user_events::catalogue {
namespace {

constexpr std::size_t kLongestName = 64;

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Levenshtein distance without regard to case, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) noexcept {
  std::array<std::size_t, kLongestName + 1> row;
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] =
          std::min({above + 1, row[j - 1] + 1, diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

NearestName::NearestName(std::string_view wanted) noexcept
    : wanted_(wanted), best_distance_(std::min<std::size_t>(4, wanted.size() / 3) + 1) {}

void NearestName::offer(std::string_view candidate) noexcept {
  if (wanted_.size() > kLongestName || candidate.size() > kLongestName) return;
  const std::size_t d = distance(wanted_, candidate);
  if (d >= best_distance_) return;
  best_distance_ = d;
  best_ = candidate;
}

}  // namespace user_events::catalogue
