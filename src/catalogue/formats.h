// The string formats of the profile. Each check is exact, without allocation and linear in the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace user_events::catalogue {

/// A set of formats: a string fits when it fits one of them.
using FormatMask = std::uint16_t;

inline constexpr FormatMask kFormatEmail =
    1 << 0;  ///< RFC 5321 mailbox (ASCII): dot-atom or quoted local part, domain or address literal.
inline constexpr FormatMask kFormatIpv4 = 1 << 1;      ///< RFC 2673 dotted quad, no leading zeros.
inline constexpr FormatMask kFormatIpv6 = 1 << 2;      ///< RFC 4291, no zone.
inline constexpr FormatMask kFormatDateTime = 1 << 3;  ///< RFC 3339 date-time whose UTC year is 0000..9999.
inline constexpr FormatMask kFormatDate = 1 << 4;      ///< RFC 3339 full-date.
inline constexpr FormatMask kFormatUuid = 1 << 5;      ///< RFC 9562, 8-4-4-4-12 hexadecimal digits.
inline constexpr FormatMask kFormatUri = 1 << 6;       ///< RFC 3986 with a scheme.

/// The mask of a format's name; nullopt if the profile does not have it.
[[nodiscard]] std::optional<FormatMask> format_named(std::string_view name) noexcept;

/// `email`, or `ipv4 or ipv6`: for messages. Never fails.
[[nodiscard]] std::string_view format_names(FormatMask mask) noexcept;

/// True if `text` fits one of the formats in `mask`. About 10 to 60 ns for usual texts.
[[nodiscard]] bool fits_format(FormatMask mask, std::string_view text) noexcept;

/// Unix milliseconds of an RFC 3339 date-time that can be written with a four-digit year; nullopt otherwise.
[[nodiscard]] std::optional<std::int64_t> parse_date_time(std::string_view text) noexcept;

/// True if the time can be written as RFC 3339, which has four-digit years.
[[nodiscard]] bool has_four_digit_year(std::int64_t unix_ms) noexcept;

/// Code points of valid UTF-8.
[[nodiscard]] std::size_t code_points(std::string_view text) noexcept;

/// True if `text` has between `min` and `max` code points; counts only when the byte length cannot tell.
[[nodiscard]] bool length_within(std::string_view text, std::uint32_t min, std::uint32_t max) noexcept;

}  // namespace user_events::catalogue
