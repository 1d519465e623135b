// "Did you mean …?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace user_events::base {

/// The candidate with the smallest edit distance to `word`, or an empty string if none is near enough to have
/// been meant (a third of the word's letters, at least two). Case and the difference between `-`, `_` and `.`
/// count for nothing.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace user_events::base
