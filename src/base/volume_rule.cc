#include "base/volume_rule.h"

#include <charconv>
#include <map>
#include <optional>
#include <sstream>

#include "base/try.h"
#include "base/units.h"

namespace user_events::base {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint32_t kMaxLimit = 1'000'000;
constexpr std::size_t kMaxFieldBytes = 64;

std::unexpected<Error> bad(std::string_view rule, std::string_view what) {
  return fail(ErrorKind::usage, "bad-volume-rule", "volume rule '" + std::string(rule) + "' " + std::string(what),
              "PATTERN sample=0.1, PATTERN limit=100 per=1m [by=FIELD] or PATTERN fold=10s [by=FIELD]");
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<milliseconds> parse_period(std::string_view text) {
  const auto value = parse_duration(text);
  return value && *value >= milliseconds(100) && *value <= hours(24) ? value : std::nullopt;
}

bool is_field(std::string_view text) {
  return !text.empty() && text.size() <= kMaxFieldBytes && text.find_first_of("\"\\") == std::string_view::npos;
}

/// `NAME=VALUE` words; false if a word is none or comes twice.
bool split(std::istringstream& words, std::map<std::string, std::string>& out) {
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || !out.emplace(word.substr(0, equals), word.substr(equals + 1)).second) return false;
  }
  return true;
}

}  // namespace

Result<VolumeRule> VolumeRule::parse(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string pattern;
  in >> pattern;
  VolumeRule rule;
  auto types = TypeFilter::parse({pattern});
  if (!types || pattern.starts_with('!')) return bad(text, "does not begin with a pattern over event types");
  rule.types = *std::move(types);
  std::map<std::string, std::string> words;
  if (!split(in, words)) return bad(text, "has a word that is no name=value, or a name twice");
  const auto take = [&](const char* name) {
    const auto word = words.extract(name);
    return word.empty() ? std::optional<std::string>() : std::optional(std::move(word.mapped()));
  };
  const auto sample = take("sample"), limit = take("limit"), per = take("per"), fold = take("fold"), by = take("by");
  if (!words.empty()) return bad(text, "has an unknown word: " + words.begin()->first);
  if (sample.has_value() + limit.has_value() + fold.has_value() != 1) return bad(text, "must have one of sample, limit and fold");
  if (per.has_value() != limit.has_value()) return bad(text, "must have limit and per together");
  if (sample && by) return bad(text, "has by, which means nothing for sample");
  if (by && !is_field(*by)) return bad(text, "has a by that is no field name");
  rule.by = by.value_or("");
  if (sample) {
    const auto part = number<double>(*sample);
    if (!part || !(*part > 0 && *part <= 1)) return bad(text, "has a sample that is not above 0 and at most 1");
    rule.sample = *part;
    return rule;
  }
  const auto length = parse_period(fold ? *fold : *per);
  if (!length) return bad(text, "has a time that is not between 100ms and 24h");
  rule.period = *length;
  rule.action = fold ? Action::fold : Action::limit;
  if (fold) return rule;
  const auto most = number<std::uint32_t>(*limit);
  if (!most || *most < 1 || *most > kMaxLimit) return bad(text, "has a limit that is not between 1 and 1000000");
  rule.limit = *most;
  return rule;
}

}  // namespace user_events::base
