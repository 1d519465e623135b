// Where text goes: results to standard output, messages to standard error.
#pragma once

#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::cli {

/// Writes all of `text` to standard output now. A reader that is gone (`| head`) ends the process quietly
/// with status 0, as a filter does; any other failure (disk full) is an error.
[[nodiscard]] Result<void> write_result(std::string_view text);

/// One line on standard error; a progress line is wiped first.
void message(std::string_view line);
/// The line of a person's progress: overwrites itself, only if standard error is a terminal.
void progress(std::string_view line);
[[nodiscard]] bool has_progress() noexcept;

/// `user-events: MESSAGE`, then the fields and the hint, a line each.
void print_error(const Error& error);

/// The same text without control characters, so that data can't command the terminal. Valid UTF-8 stays.
[[nodiscard]] std::string printable(std::string_view text);

/// 1234567 → `1,234,567`.
[[nodiscard]] std::string grouped(std::uint64_t number);
/// `1 letter`, `2,000 letters`.
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

}  // namespace user_events::cli
