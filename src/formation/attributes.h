// The shapes of an event's attributes, as CloudEvents 1.0.2 and W3C Trace Context define them. Pure
// functions, no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace user_events::formation {

inline constexpr std::size_t kMaxIdBytes = 255;
inline constexpr std::size_t kMaxKeyBytes = 1'024;
inline constexpr std::size_t kMaxExtensions = 32;

/// True if valid UTF-8 `text` holds a control character (U+0000..U+001F, U+007F..U+009F), which no
/// CloudEvents string may.
[[nodiscard]] bool has_control_character(std::string_view text) noexcept;

/// True if valid UTF-8 `text` holds a code point that Unicode keeps free for ever (U+FDD0..U+FDEF and the
/// last two of every plane), which no CloudEvents string may either.
[[nodiscard]] bool has_noncharacter(std::string_view text) noexcept;

/// CloudEvents attribute name: 1 or more of `a`..`z`, `0`..`9`.
[[nodiscard]] bool is_attribute_name(std::string_view name) noexcept;

/// `application/json`, `…/json` or `…+json`, any case, with or without parameters; a charset, if there is
/// one, is UTF-8.
[[nodiscard]] bool is_json_media_type(std::string_view text) noexcept;

/// W3C Trace Context: `version "-" trace-id "-" parent-id "-" flags`, lower-case hexadecimal, no zero ids,
/// version not `ff`.
[[nodiscard]] bool is_traceparent(std::string_view text) noexcept;

/// W3C Trace Context: at most 32 `key=value`, comma-separated, each key once; at most
/// encoding::kMaxTracestateBytes.
[[nodiscard]] bool is_tracestate(std::string_view text) noexcept;

struct DataSchema {
  std::string_view type;
  std::uint32_t version = 0;
};
/// Takes `urn:user-events:schema:TYPE:VERSION` apart; nullopt for any other URI.
[[nodiscard]] std::optional<DataSchema> parse_data_schema(std::string_view uri) noexcept;

}  // namespace user_events::formation
