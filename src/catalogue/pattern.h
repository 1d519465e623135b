// Patterns of schemas: ECMA-262 regular expressions, as far as RE2 can run them with the same meaning.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace user_events::catalogue {

/// Compiles `pattern`. Error: what RE2 has no linear-time form for, and what RE2 reads otherwise than
/// ECMA-262. The message says which.
[[nodiscard]] std::expected<std::shared_ptr<const re2::RE2>, std::string> compile_pattern(
    std::string_view pattern);

/// Unanchored match, linear in the text. Thread-safe.
[[nodiscard]] bool matches_pattern(const re2::RE2& pattern, std::string_view text);

}  // namespace user_events::catalogue
