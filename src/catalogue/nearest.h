// "Did you mean …?": the nearest of some names.
#pragma once

#include <cstddef>
#include <string_view>

namespace user_events::catalogue {

/// Keeps the nearest of the offered names: at most a third of the wanted name's letters differ (and at most
/// 4). Cost per offer: the product of both lengths; names above 64 bytes are never near.
class NearestName {
 public:
  explicit NearestName(std::string_view wanted) noexcept;
  void offer(std::string_view candidate) noexcept;
  /// Empty if none was near. A view of what was offered.
  [[nodiscard]] std::string_view best() const noexcept { return best_; }

 private:
  std::string_view wanted_, best_;
  std::size_t best_distance_;
};

}  // namespace user_events::catalogue
