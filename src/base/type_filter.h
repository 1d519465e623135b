// Patterns over event types: `user.created`, `user.*` (any type below `user.`), `*` (all), `!user.login.failed` (never).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"

namespace user_events::base {

/// Matches when any positive pattern does (or there is none) and no negative one does. Immutable, thread-safe.
class TypeFilter {
 public:
  /// Error `usage` names the pattern that is none.
  [[nodiscard]] static Result<TypeFilter> parse(const std::vector<std::string>& patterns);
  [[nodiscard]] bool matches(std::string_view type) const noexcept;

 private:
  std::vector<std::string> positive_, negative_;  // a trailing `.` means: any below
};

}  // namespace user_events::base
