#include "catalogue/pattern.h"

#include <re2/re2.h>

#include <expected>

namespace user_events::catalogue {
namespace {

using Translated = std::expected<std::string, std::string>;

// ECMA-262 WhiteSpace and LineTerminator, as the inside of a character class.
constexpr std::string_view kSpace = R"(\t\n\v\f\r\x{a0}\x{feff}\x{2028}\x{2029}\p{Zs})";

// Translates the escape at `at` (which points to the backslash) and moves `at` to its last character.
Translated translate_escape(std::string_view pattern, std::size_t& at, bool in_class) {
  if (at + 1 >= pattern.size()) return std::unexpected("it ends in a backslash");
  const char c = pattern[++at];
  const std::string space(kSpace);
  if (c == 's') return in_class ? space : "[" + space + "]";
  if (c == 'S' && !in_class) return "[^" + space + "]";
  if (c == 'u' && at + 4 < pattern.size() && pattern[at + 1] != '{') {
    const std::string_view digits = pattern.substr(at + 1, 4);
    if (digits[0] == 'd' || digits[0] == 'D') return std::unexpected("escaped surrogates are not supported");
    at += 4;
    return "\\x{" + std::string(digits) + "}";
  }
  // Those that mean the same to both. Everything else is either unknown to one of the two or means something
  // else.
  constexpr std::string_view kSame = "dDwWbBtnvfrpP^$\\.*+?()[]{}|/-x";
  if (kSame.find(c) == std::string_view::npos || (in_class && (c == 'b' || c == 'B')))
    return std::unexpected(std::string("the escape \\") + c + (in_class ? " in a character class" : "") +
                           " is not supported");
  if (c == '/') return "/";
  return std::string("\\") + c;
}

Translated translate(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '\\') {
      auto escape = translate_escape(pattern, at, in_class);
      if (!escape) return escape;
      out += *escape;
    } else if (in_class) {
      if (c == '[' && at + 1 < pattern.size() && pattern[at + 1] == ':')
        return std::unexpected("named character classes are not supported");
      if (c == '[') out += '\\';
      out += c;
      if (c == ']') in_class = false;
    } else if (c == '.') {
      out += R"([^\n\r\x{2028}\x{2029}])";
    } else if (c == '(' && pattern.substr(at).starts_with("(?") && !pattern.substr(at).starts_with("(?:")) {
      return std::unexpected("groups with `(?` other than `(?:` are not supported");
    } else {
      out += c;
      if (c == '[') {
        in_class = true;
        if (at + 1 < pattern.size() && pattern[at + 1] == '^') out += pattern[++at];
        if (at + 1 < pattern.size() && pattern[at + 1] == ']')
          return std::unexpected("an empty character class is not supported");
      }
    }
  }
  return out;
}

}  // namespace

std::expected<std::shared_ptr<const re2::RE2>, std::string> compile_pattern(std::string_view pattern) {
  auto translated = translate(pattern);
  if (!translated) return std::unexpected(translated.error());
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMaxPatternBytes);
  auto compiled = std::make_shared<const re2::RE2>(*translated, options);
  if (!compiled->ok()) return std::unexpected("RE2 refuses it: " + compiled->error());
  return compiled;
}

std::expected<std::shared_ptr<const re2::RE2>, std::string> Patterns::compile(std::string_view pattern) {
  if (const auto known = known_.find(pattern); known != known_.end()) return known->second;
  if (known_.size() == kMaxPatterns)
    return std::unexpected("the file has more than " + std::to_string(kMaxPatterns) + " different patterns");
  auto compiled = compile_pattern(pattern);
  if (!compiled) return compiled;
  steps_ += static_cast<std::size_t>((*compiled)->ProgramSize());
  if (steps_ > kMaxPatternSteps)
    return std::unexpected("the patterns of the file have more than " + std::to_string(kMaxPatternSteps) + " steps together");
  return known_.emplace(pattern, *std::move(compiled)).first->second;
}

bool matches_pattern(const re2::RE2& pattern, std::string_view text) {
  const re2::StringPiece piece(text.data(), text.size());
  return pattern.Match(piece, 0, piece.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

}  // namespace user_events::catalogue
