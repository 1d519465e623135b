// Small files as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ports/file_system.h"

namespace user_events::base {

/// The file's content. Errors: too_large above `most_bytes`, else those of the file system (not_found).
[[nodiscard]] Result<std::string> read_whole(ports::FileSystem& files, const std::string& path, std::uint64_t most_bytes);

/// Puts `text` in its place at once or not at all, mode 0600, by way of `PATH.new`; durable when it returns. The folder must be there.
[[nodiscard]] Result<void> replace_whole(ports::FileSystem& files, const std::string& path, std::string_view text);

}  // namespace user_events::base
