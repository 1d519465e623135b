// A file that is written once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::cli {

enum class Readers : std::uint8_t {
  as_umask_says,
  owner_only,  ///< A secret.
};

/// Writes `path` and the folders above it. Error `io`: it exists already (`file-exists`; whatever it is, also
/// a link that leads nowhere, it stays as it is), or it cannot be written (`file-unwritable`; nothing is
/// left).
[[nodiscard]] Result<void> write_new_file(const std::string& path, std::string_view text, Readers readers = Readers::as_umask_says);

}  // namespace user_events::cli
