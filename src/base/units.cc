#include "base/units.h"

#include <array>
#include <charconv>
#include <utility>

namespace user_events::base {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

constexpr std::uint64_t kMaxDurationMs = 100ull * 366 * 24 * 3'600 * 1'000;
constexpr std::uint64_t kMaxSize = 1ull << 63;

// Largest first, so that the shortest exact form is found first.
constexpr std::array kDurations{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array kSizes{Unit{"TiB", 1ull << 40},
                            Unit{"TB", 1'000'000'000'000},
                            Unit{"GiB", 1ull << 30},
                            Unit{"GB", 1'000'000'000},
                            Unit{"MiB", 1ull << 20},
                            Unit{"MB", 1'000'000},
                            Unit{"KiB", 1ull << 10},
                            Unit{"kB", 1'000},
                            Unit{"KB", 1'000},
                            Unit{"B", 1},
                            Unit{"", 1}};

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, N>& units,
                                   std::uint64_t most) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, text.data() + text.size());
  for (const auto& [name, factor] : units) {
    if (name != unit) continue;
    if (number > most / factor) return std::nullopt;
    return number * factor;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string shortest(std::uint64_t value, const std::array<Unit, N>& units) {
  for (const auto& [name, factor] : units) {
    if (value != 0 && value % factor == 0) return std::to_string(value / factor).append(name);
  }
  return "0";
}

}  // namespace

std::optional<std::uint64_t> whole_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  const auto value = parse(text, kDurations, kMaxDurationMs);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(*value);
}

std::string duration_text(std::chrono::milliseconds value) {
  return value.count() == 0 ? "0s" : shortest(static_cast<std::uint64_t>(value.count()), kDurations);
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  return parse(text, kSizes, kMaxSize);
}

std::string size_text(std::uint64_t bytes) { return shortest(bytes, kSizes); }

}  // namespace user_events::base
