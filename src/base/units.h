// Numbers, durations and sizes as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace user_events::base {

/// Decimal digits and nothing else. nullopt if it is none, or over 2^64 - 1.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text) noexcept;

/// `250ms`, `30s`, `10m`, `24h`, `7d`: a whole number and its unit, nothing else. nullopt if it is not one,
/// or over 100 years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;
/// The shortest form that `parse_duration` reads back: 90'000 ms is `90s`.
[[nodiscard]] std::string duration_text(std::chrono::milliseconds value);

/// Bytes: `512`, `512B`, `64KiB`, `64MiB`, `2GiB`, `1TiB` (powers of 1,024), `64kB`, `1MB`, `1GB`, `1TB`
/// (powers of 1,000). nullopt if it is not one, or over 2^63.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
/// The shortest exact form: 67'108'864 is `64MiB`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace user_events::base
