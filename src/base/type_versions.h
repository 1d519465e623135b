// Which version of event types somebody wants: `1` for all types, `user.rated=2` for one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"

namespace user_events::base {

inline constexpr std::size_t kMaxTypeVersions = 1'000;  ///< Entries.

/// Immutable after parsing, then thread-safe.
class TypeVersions {
 public:
  /// Each entry is a version (at most one) or TYPE=VERSION (each type once). Error `usage`, code `versions`.
  [[nodiscard]] static Result<TypeVersions> parse(std::span<const std::string> entries);

  /// 0: as it is. The type's own entry counts before the one for all.
  [[nodiscard]] std::uint32_t of(std::string_view type) const {
    const auto found = types_.find(type);
    return found == types_.end() ? all_ : found->second;
  }
  [[nodiscard]] bool empty() const noexcept { return all_ == 0 && types_.empty(); }
  /// Types that have an entry of their own.
  [[nodiscard]] const std::map<std::string, std::uint32_t, std::less<>>& types() const noexcept { return types_; }

 private:
  Result<void> add(std::string_view entry);

  std::uint32_t all_ = 0;
  std::map<std::string, std::uint32_t, std::less<>> types_;
};

/// The entries of a list as it stands in a header: separated by commas, white space around them off.
[[nodiscard]] std::vector<std::string> version_entries(std::string_view list);

}  // namespace user_events::base
