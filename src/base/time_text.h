// Times as text: RFC 3339, UTC, milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "user_events/event.h"

namespace user_events::base {

/// Length of `2026-11-24T09:00:00.000Z`.
inline constexpr std::size_t kTimeTextSize = 24;

/// Appends Unix milliseconds as `2026-11-24T09:00:00.000Z`. Years 0000..9999 (anything outside is clamped to them); about 20 ns.
void append_time(std::int64_t unix_ms, std::string& out);

/// The same for a point in time.
void append_timestamp(Timestamp time, std::string& out);

/// The same by itself.
[[nodiscard]] std::string time_text(std::int64_t unix_ms);
[[nodiscard]] inline std::string time_text(Timestamp time) { return time_text(time.time_since_epoch().count()); }

/// The same into a buffer.
void write_time(std::int64_t unix_ms, std::span<char, kTimeTextSize> out) noexcept;

/// Parses an RFC 3339 date-time (any offset, any number of fraction digits, leap second 60 only at 23:59 UTC; `t`, `z` lower case
/// allowed). Digits beyond milliseconds are cut off. nullopt if it is not one, or lies outside years 0000..9999 in UTC. No allocation.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text) noexcept;

/// The same as a point in time.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text) noexcept;

}  // namespace user_events::base
