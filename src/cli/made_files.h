// Files that a command makes, and may make anew.
#pragma once

#include <string>
#include <vector>

#include "exports/text_file.h"
#include "user_events/error.h"

namespace user_events::cli {

/// Writes `files` below `folder` and prints their paths; one that is the same already stays as it is. A file that is there and does not carry
/// the mark of what user-events makes is somebody's own: unless `force`, nothing is written and the error (`conflict`, `file-exists`) names it.
/// A file is replaced at one stroke. Error `io`.
[[nodiscard]] Result<void> write_made_files(const std::string& folder, const std::vector<exports::TextFile>& files, bool force);

}  // namespace user_events::cli
