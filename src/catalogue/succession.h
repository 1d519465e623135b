// One catalogue after another, and which versions there are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"

namespace user_events::catalogue {

/// Whether `next` may follow `older` while events of `older` are in the journal. Error `usage`, code `catalogue-changed`: a version is gone, or says
/// something else (white space and the order of members apart).
[[nodiscard]] Result<void> check_succession(const Catalogue& older, const Catalogue& next);

/// Ascending; empty for an unknown type.
[[nodiscard]] std::vector<std::uint32_t> versions_of(const Catalogue& catalogue, std::string_view type);

/// `1, 2 and 3`, for messages.
[[nodiscard]] std::string list_of(std::span<const std::uint32_t> versions);

}  // namespace user_events::catalogue
