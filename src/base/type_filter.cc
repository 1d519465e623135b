#include "base/type_filter.h"

#include <algorithm>

namespace user_events::base {
namespace {

constexpr std::size_t kMaxPatternBytes = 255;

bool is_segment(std::string_view segment) noexcept {
  return !segment.empty() && std::ranges::all_of(segment, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// Segments joined by dots; the last may be `*`.
bool is_pattern(std::string_view pattern) noexcept {
  if (pattern.size() > kMaxPatternBytes) return false;
  for (;;) {
    const std::size_t dot = pattern.find('.');
    if (dot == std::string_view::npos) return pattern == "*" || is_segment(pattern);
    if (!is_segment(pattern.substr(0, dot))) return false;
    pattern.remove_prefix(dot + 1);
  }
}

/// `user.*` is kept as `user.`, `*` as the empty text's `.`; any other pattern as it is.
bool matches_one(std::string_view pattern, std::string_view type) noexcept {
  if (pattern == ".") return true;
  if (pattern.back() == '.') return type.size() > pattern.size() && type.starts_with(pattern);
  return type == pattern;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view type) noexcept {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return matches_one(pattern, type); });
}

}  // namespace

Result<TypeFilter> TypeFilter::parse(const std::vector<std::string>& patterns) {
  TypeFilter filter;
  for (const std::string& text : patterns) {
    const bool negative = text.starts_with('!');
    const std::string_view pattern = std::string_view(text).substr(negative ? 1 : 0);
    if (!is_pattern(pattern))
      return fail(ErrorKind::usage, "type-pattern", "`" + text + "` is not a pattern over event types",
                  "write a type (`user.created`), all types below a name (`user.*`), or either with `!` in "
                  "front for: never");
    std::string kept(pattern == "*" ? std::string_view(".") : pattern);
    if (pattern.ends_with(".*")) kept.pop_back();
    (negative ? filter.negative_ : filter.positive_).push_back(std::move(kept));
  }
  return filter;
}

bool TypeFilter::matches(std::string_view type) const noexcept {
  return (positive_.empty() || matches_any(positive_, type)) && !matches_any(negative_, type);
}

}  // namespace user_events::base
