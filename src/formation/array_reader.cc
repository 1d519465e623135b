#include "formation/array_reader.h"

#include <array>

namespace user_events::formation {
namespace {

enum class Kind : unsigned char { other, quote, open, close, comma };

constexpr std::array<Kind, 256> kKinds = [] {
  std::array<Kind, 256> kinds{};
  kinds['"'] = Kind::quote;
  kinds['['] = kinds['{'] = Kind::open;
  kinds[']'] = kinds['}'] = Kind::close;
  kinds[','] = Kind::comma;
  return kinds;
}();

constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

std::string_view trim_json_space(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// From behind the opening quote to behind the closing one.
bool ArrayReader::skip_string() noexcept {
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\')
      ++at_;
    else if (text_[at_] == '"')
      return ++at_, true;
  }
  return false;
}

/// Stops at a comma of this array or at its closing bracket.
bool ArrayReader::scan_to_separator() noexcept {
  for (std::size_t depth = 0; at_ < text_.size();) {
    const Kind kind = kKinds[static_cast<unsigned char>(text_[at_])];
    if (depth == 0 && (kind == Kind::comma || kind == Kind::close)) return true;
    ++at_;
    if (kind == Kind::open)
      ++depth;
    else if (kind == Kind::close)
      --depth;
    else if (kind == Kind::quote && !skip_string())
      return false;
  }
  return false;
}

ArrayReader::Step ArrayReader::next() noexcept {
  if (closed_) return trim_json_space(text_.substr(at_)).empty() ? Step::end : Step::malformed;
  const std::size_t begin = at_;
  if (!scan_to_separator() || text_[at_] == '}') return Step::malformed;
  element_ = trim_json_space(text_.substr(begin, at_ - begin));
  closed_ = text_[at_++] == ']';
  if (first_ && closed_ && element_.empty()) return next();  // `[]`
  first_ = false;
  return Step::element;
}

}  // namespace user_events::formation
