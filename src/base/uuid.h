// UUID version 7, RFC 9562.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ports/random.h"

namespace user_events::base {

inline constexpr std::size_t kUuidTextSize = 36;

/// Appends a new UUIDv7 for the time `unix_ms`, lower case: 48 bits of milliseconds, 74 random bits. About 40 ns.
void append_uuid7(std::int64_t unix_ms, ports::Random& random, std::string& out);

/// The milliseconds in the text of a UUIDv7; nullopt if it is not one.
[[nodiscard]] std::optional<std::int64_t> uuid7_time_ms(std::string_view text) noexcept;

}  // namespace user_events::base
