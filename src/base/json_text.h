// Writing JSON text (RFC 8259). Reading is simdjson's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace user_events::base {

/// Appends `text` as a JSON string with quotes. `text` must be valid UTF-8. Escapes only what must be: `"`, `\`, U+0000..U+001F.
void append_json_string(std::string_view text, std::string& out);
[[nodiscard]] std::string json_string(std::string_view text);
/// The same without the quotes.
void append_json_escaped(std::string_view text, std::string& out);
/// Bytes that `append_json_escaped` would write.
[[nodiscard]] std::size_t json_escaped_size(std::string_view text) noexcept;
void append_json_number(std::int64_t value, std::string& out);
void append_json_number(std::uint64_t value, std::string& out);
/// Shortest text that reads back to the same double; `value` must be finite.
void append_json_number(double value, std::string& out);

/// Appends `~0`/`~1`-escaped `/token` to a JSON Pointer (RFC 6901).
void append_pointer_token(std::string_view token, std::string& pointer);

/// The name behind the last `/` of a JSON Pointer, without escapes.
[[nodiscard]] std::string last_pointer_token(std::string_view pointer);

/// The first character that is no white space opens an array.
[[nodiscard]] bool begins_json_array(std::string_view text) noexcept;

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;
/// At most that many bytes of valid UTF-8, whole characters.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t most_bytes) noexcept;

}  // namespace user_events::base
