// Values of event data in its standard form (docs/catalogue.md, "The standard form of data"), read. Whatever the text is, nothing is read outside
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace user_events::base {

/// Appends the content of a JSON string (without its quotes), unescaped. False, with something appended, at
/// an escape that the standard form does not have.
[[nodiscard]] bool append_unescaped(std::string_view content, std::string& out);

/// A whole number of at most 64 bits with its sign, also if it is written as `1e+15`. False if it is none or
/// does not fit.
[[nodiscard]] bool read_int64(std::string_view json, std::int64_t& value) noexcept;

enum class Exactness : std::uint8_t { exact, rounded, no_number };
/// Any number; `rounded` if a double cannot hold it.
[[nodiscard]] Exactness read_double(std::string_view json, double& value) noexcept;

/// Unix milliseconds of `2026-11-24T09:00:00.000Z`; false if it is not exactly of this form.
[[nodiscard]] bool read_time(std::string_view text, std::int64_t& unix_ms) noexcept;

[[nodiscard]] inline bool is_string(std::string_view json) noexcept {
  return json.size() >= 2 && json.front() == '"';
}
/// What is between the quotes of a string.
[[nodiscard]] inline std::string_view content_of(std::string_view json) noexcept {
  return json.substr(1, json.size() - 2);
}

}  // namespace user_events::base
