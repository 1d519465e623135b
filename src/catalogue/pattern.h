// Patterns of schemas: ECMA-262 regular expressions, as far as RE2 can run them with the same meaning.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace user_events::catalogue {

inline constexpr std::size_t kMaxPatterns = 1'000;  ///< Different ones of a file.
/// Of one pattern: its compiled form, and what RE2 caches while it matches. A pattern that needs more is refused.
inline constexpr std::int64_t kMaxPatternBytes = 1 << 20;
inline constexpr std::size_t kMaxPatternSteps = 200'000;  ///< Instructions of all patterns of a file, 16 bytes each.

/// Compiles `pattern`. Error: what RE2 has no linear-time form for, and what RE2 reads otherwise than
/// ECMA-262. The message says which.
[[nodiscard]] std::expected<std::shared_ptr<const re2::RE2>, std::string> compile_pattern(
    std::string_view pattern);

/// The patterns of one file: each text is compiled once, and all together are bounded.
class Patterns {
 public:
  /// As compile_pattern; an error also above the limits.
  [[nodiscard]] std::expected<std::shared_ptr<const re2::RE2>, std::string> compile(std::string_view pattern);

 private:
  std::map<std::string, std::shared_ptr<const re2::RE2>, std::less<>> known_;
  std::size_t steps_ = 0;
};

/// Unanchored match, linear in the text. Thread-safe.
[[nodiscard]] bool matches_pattern(const re2::RE2& pattern, std::string_view text);

}  // namespace user_events::catalogue
