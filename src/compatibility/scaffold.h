// The text of a new schema file. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::compatibility {

/// Version `version` of a type that is new: the user's id, a time, and a place for more.
[[nodiscard]] std::string first_version(std::string_view type, std::uint32_t version);

/// The text of `version` of `type` with the `$id` of `next` and without `x-cast`, which tells of the step to
/// `version`; nothing else is changed. Error `usage` if the `$id` is not in it.
[[nodiscard]] Result<std::string> next_version(std::string_view text, std::string_view type,
                                               std::uint32_t version, std::uint32_t next);

}  // namespace user_events::compatibility
