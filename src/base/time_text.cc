#include "base/time_text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace user_events::base {
namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr std::int64_t kMinTimeMs = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t kMaxTimeMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

// Civil calendar from day numbers and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
struct Date {
  std::int64_t year;
  unsigned month, day;
};

constexpr std::int64_t days_from_civil(Date date) noexcept {
  const std::int64_t y = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + static_cast<std::int64_t>(doe) - 719'468;
}

constexpr Date civil_from_days(std::int64_t days) noexcept {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto doe = static_cast<unsigned>(days - era * 146'097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2 ? 1 : 0), month,
          doy - (153 * mp + 2) / 5 + 1};
}

constexpr unsigned days_in_month(std::int64_t year, unsigned month) noexcept {
  constexpr std::array<unsigned, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

void put_digits(char* at, std::uint64_t value, int count) noexcept {
  for (int i = count - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

/// Reads text from the left, one expected piece at a time; `good` turns false at the first surprise.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  unsigned digits(std::size_t count) noexcept {
    unsigned value = 0;
    for (; count > 0; --count) {
      if (!is_digit()) return fail();
      value = value * 10 + static_cast<unsigned>(text_[at_++] - '0');
    }
    return value;
  }
  /// Consumes one of the two characters (upper and lower case of one).
  void expect(char a, char b) noexcept {
    if (at_ < text_.size() && (text_[at_] == a || text_[at_] == b))
      ++at_;
    else
      fail();
  }
  void expect(char c) noexcept { expect(c, c); }
  [[nodiscard]] bool next_is(char c) const noexcept { return at_ < text_.size() && text_[at_] == c; }
  [[nodiscard]] bool is_digit() const noexcept {
    return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
  }
  char take() noexcept { return text_[at_++]; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  unsigned fail() noexcept {
    good = false;
    return 0;
  }

  bool good = true;

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// `.123456` → 123; nothing → 0.
std::int64_t scan_fraction_ms(Scanner& scan) noexcept {
  if (!scan.next_is('.')) return 0;
  scan.take();
  if (!scan.is_digit()) return scan.fail();
  std::int64_t ms = 0;
  for (int weight = 100; scan.is_digit(); weight /= 10) ms += weight * (scan.take() - '0');
  return ms;
}

/// `Z` → 0; `+02:00` → 120.
std::int64_t scan_offset_minutes(Scanner& scan) noexcept {
  if (!scan.next_is('+') && !scan.next_is('-')) {
    scan.expect('Z', 'z');
    return 0;
  }
  const bool west = scan.take() == '-';
  const std::int64_t hours = scan.digits(2);
  scan.expect(':');
  const std::int64_t minutes = scan.digits(2);
  if (hours > 23 || minutes > 59) return scan.fail();
  const std::int64_t total = hours * 60 + minutes;
  return west ? -total : total;
}

}  // namespace

void write_time(std::int64_t unix_ms, std::span<char, kTimeTextSize> out) noexcept {
  unix_ms = std::clamp(unix_ms, kMinTimeMs, kMaxTimeMs);
  const std::int64_t days = (unix_ms >= 0 ? unix_ms : unix_ms - (kMsPerDay - 1)) / kMsPerDay;
  const auto ms_of_day = static_cast<std::uint64_t>(unix_ms - days * kMsPerDay);
  const Date date = civil_from_days(days);
  char* const text = out.data();
  std::memcpy(text, "0000-00-00T00:00:00.000Z", kTimeTextSize);
  put_digits(text, static_cast<std::uint64_t>(date.year), 4);
  put_digits(text + 5, date.month, 2);
  put_digits(text + 8, date.day, 2);
  put_digits(text + 11, ms_of_day / 3'600'000, 2);
  put_digits(text + 14, ms_of_day / 60'000 % 60, 2);
  put_digits(text + 17, ms_of_day / 1'000 % 60, 2);
  put_digits(text + 20, ms_of_day % 1'000, 3);
}

void append_time(std::int64_t unix_ms, std::string& out) {
  std::array<char, kTimeTextSize> text;
  write_time(unix_ms, text);
  out.append(text.data(), text.size());
}

void append_timestamp(Timestamp time, std::string& out) { append_time(time.time_since_epoch().count(), out); }

std::string time_text(std::int64_t unix_ms) {
  std::string out;
  append_time(unix_ms, out);
  return out;
}

std::optional<std::int64_t> parse_time(std::string_view text) noexcept {
  Scanner scan(text);
  Date date{};
  date.year = scan.digits(4);
  scan.expect('-');
  date.month = scan.digits(2);
  scan.expect('-');
  date.day = scan.digits(2);
  scan.expect('T', 't');
  const unsigned hour = scan.digits(2);
  scan.expect(':');
  const unsigned minute = scan.digits(2);
  scan.expect(':');
  const unsigned second = scan.digits(2);
  const std::int64_t fraction_ms = scan_fraction_ms(scan);
  const std::int64_t offset_minutes = scan_offset_minutes(scan);
  if (!scan.good || !scan.at_end()) return std::nullopt;
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > days_in_month(date.year, date.month) ||
      hour > 23 || minute > 59 || second > 60)
    return std::nullopt;
  const std::int64_t utc_minutes =
      days_from_civil(date) * 1'440 + static_cast<std::int64_t>(hour * 60 + minute) - offset_minutes;
  if (second == 60 && ((utc_minutes % 1'440) + 1'440) % 1'440 != 1'439) return std::nullopt;
  const std::int64_t unix_ms = utc_minutes * 60'000 + static_cast<std::int64_t>(second) * 1'000 + fraction_ms;
  if (unix_ms < kMinTimeMs || unix_ms > kMaxTimeMs) return std::nullopt;
  return unix_ms;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) noexcept {
  const auto unix_ms = parse_time(text);
  if (!unix_ms) return std::nullopt;
  return Timestamp(std::chrono::milliseconds(*unix_ms));
}

}  // namespace user_events::base
