#include "catalogue/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/time_text.h"

namespace user_events::catalogue {
namespace {

// One table of character classes for all formats: a bit each.
constexpr std::uint8_t kDigit = 1, kAlpha = 2, kHex = 4, kAtom = 8, kUnreserved = 16, kSubDelim = 32;

constexpr std::array<std::uint8_t, 256> kClass = [] {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&](std::string_view characters, std::uint8_t bit) {
    for (const char c : characters) table[static_cast<std::uint8_t>(c)] |= bit;
  };
  add("0123456789", kDigit | kHex | kAtom | kUnreserved);
  add("abcdefABCDEF", kHex);
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", kAlpha | kAtom | kUnreserved);
  add("!#$%&'*+-/=?^_`{|}~", kAtom);  // RFC 5322 atext
  add("-._~", kUnreserved);
  add("!$&'()*+,;=", kSubDelim);
  return table;
}();

constexpr bool is(char c, std::uint8_t classes) noexcept {
  return (kClass[static_cast<std::uint8_t>(c)] & classes) != 0;
}

bool is_ipv4(std::string_view text) noexcept {
  int quads = 0;
  std::size_t at = 0;
  while (true) {
    const std::size_t start = at;
    unsigned value = 0;
    while (at < text.size() && is(text[at], kDigit) && at - start < 3)
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    if (at == start || value > 255 || (at - start > 1 && text[start] == '0')) return false;
    if (++quads == 4) return at == text.size();
    if (at == text.size() || text[at++] != '.') return false;
  }
}

bool is_ipv6(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN + 1> copy;  // inet_pton wants a terminated string
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(copy.data(), text.data(), text.size());
  copy[text.size()] = '\0';
  in6_addr address;
  return inet_pton(AF_INET6, copy.data(), &address) == 1;
}

// RFC 5321 section 4.1.2: Local-part = Dot-string / Quoted-string, at most 64 octets. Returns its end, 0 if
// it is none.
std::size_t local_part_end(std::string_view text) noexcept {
  std::size_t at = 0;
  if (!text.empty() && text[0] == '"') {
    for (at = 1; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') ++at;
      if (at >= text.size() || text[at] < ' ' || text[at] > '~') return 0;
    }
    ++at;
  } else {
    bool after_dot = true;
    for (; at < text.size() && text[at] != '@'; ++at) {
      if (text[at] == '.' ? after_dot : !is(text[at], kAtom)) return 0;
      after_dot = text[at] == '.';
    }
    if (after_dot) return 0;
  }
  return at <= 64 ? at : 0;
}

// RFC 5321 Domain: labels of letters, digits and inner hyphens, 63 octets each, 253 in all.
bool is_domain(std::string_view text) noexcept {
  if (text.empty() || text.size() > 253) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      if (label == 0 || text[i - 1] == '-') return false;
      label = 0;
    } else if ((!is(text[i], kAlpha | kDigit) && (text[i] != '-' || label == 0)) || ++label > 63) {
      return false;
    }
  }
  return label != 0 && text.back() != '-';
}

bool is_email(std::string_view text) noexcept {
  const std::size_t at = local_part_end(text);
  if (at == 0 || at >= text.size() || text[at] != '@') return false;
  const std::string_view domain = text.substr(at + 1);
  if (!domain.starts_with('[')) return is_domain(domain);
  if (!domain.ends_with(']')) return false;
  const std::string_view literal = domain.substr(1, domain.size() - 2);
  constexpr std::string_view kTag = "IPv6:";
  return literal.starts_with(kTag) ? is_ipv6(literal.substr(kTag.size())) : is_ipv4(literal);
}

bool is_date(std::string_view text) noexcept {
  if (text.size() != 10) return false;
  std::array<char, 20> whole;
  std::memcpy(whole.data(), text.data(), 10);
  std::memcpy(whole.data() + 10, "T00:00:00Z", 10);
  return base::parse_time({whole.data(), whole.size()}).has_value();
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is(text[i], kHex)) return false;
  }
  return true;
}

// Every character allowed (of `classes` or in `more`) or part of a percent-encoded octet.
bool uri_characters(std::string_view text, std::string_view more) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is(text[i + 1], kHex) || !is(text[i + 2], kHex)) return false;
      i += 2;
    } else if (!is(text[i], kUnreserved | kSubDelim) && more.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// RFC 3986 IPvFuture: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_ip_future(std::string_view text) noexcept {
  if (text.size() < 4 || (text[0] != 'v' && text[0] != 'V')) return false;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  if (!std::ranges::all_of(text.substr(1, dot - 1), [](char c) { return is(c, kHex); })) return false;
  return text.find('%') == std::string_view::npos && uri_characters(text.substr(dot + 1), ":");
}

bool is_uri_authority(std::string_view text) noexcept {
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!uri_characters(text.substr(0, at), ":")) return false;
    text.remove_prefix(at + 1);
  }
  std::size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view literal = text.substr(1, close - 1);
    if (!is_ipv6(literal) && !is_ip_future(literal)) return false;
    host_end = close + 1;
    if (host_end < text.size() && text[host_end] != ':') return false;
  } else if (!uri_characters(text.substr(0, host_end), "")) {
    return false;
  }
  if (host_end >= text.size()) return true;
  return std::ranges::all_of(text.substr(host_end + 1), [](char c) { return is(c, kDigit); });
}

bool is_uri(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is(text[0], kAlpha)) return false;
  for (const char c : text.substr(0, colon))
    if (!is(c, kAlpha | kDigit) && c != '+' && c != '-' && c != '.') return false;
  std::string_view rest = text.substr(colon + 1);
  if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    if (!uri_characters(rest.substr(hash + 1), ":@/?")) return false;
    rest = rest.substr(0, hash);
  }
  if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
    if (!uri_characters(rest.substr(question + 1), ":@/?")) return false;
    rest = rest.substr(0, question);
  }
  if (rest.starts_with("//")) {
    const std::size_t path = std::min(rest.find('/', 2), rest.size());
    if (!is_uri_authority(rest.substr(2, path - 2))) return false;
    rest = rest.substr(path);
  }
  return uri_characters(rest, ":@/");
}

struct Format {
  std::string_view name;
  FormatMask mask;
  bool (*fits)(std::string_view) noexcept;
};

constexpr Format kFormats[] = {
    {"email", kFormatEmail, is_email},
    {"ipv4", kFormatIpv4, is_ipv4},
    {"ipv6", kFormatIpv6, is_ipv6},
    {"date-time", kFormatDateTime,
     [](std::string_view text) noexcept { return parse_date_time(text).has_value(); }},
    {"date", kFormatDate, is_date},
    {"uuid", kFormatUuid, is_uuid},
    {"uri", kFormatUri, is_uri},
};

}  // namespace

std::optional<FormatMask> format_named(std::string_view name) noexcept {
  for (const Format& format : kFormats)
    if (format.name == name) return format.mask;
  return std::nullopt;
}

std::string_view format_names(FormatMask mask) noexcept {
  if (mask == (kFormatIpv4 | kFormatIpv6)) return "ipv4 or ipv6";
  for (const Format& format : kFormats)
    if (format.mask == mask) return format.name;
  return "one of the given formats";
}

bool fits_format(FormatMask mask, std::string_view text) noexcept {
  for (const Format& format : kFormats)
    if ((mask & format.mask) != 0 && format.fits(text)) return true;
  return false;
}

bool has_four_digit_year(std::int64_t unix_ms) noexcept {
  constexpr std::int64_t kFirst = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
  constexpr std::int64_t kLast = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z
  return unix_ms >= kFirst && unix_ms <= kLast;
}

std::optional<std::int64_t> parse_date_time(std::string_view text) noexcept {
  const auto time = base::parse_time(text);  // an offset can lead out of the four-digit years
  return time && has_four_digit_year(*time) ? time : std::nullopt;
}

std::size_t code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<std::uint8_t>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return count;
}

bool length_within(std::string_view text, std::uint32_t min, std::uint32_t max) noexcept {
  if (text.size() < min) return false;
  if (text.size() <= max && (text.size() + 3) / 4 >= min) return true;
  const std::size_t count = code_points(text);
  return count >= min && count <= max;
}

}  // namespace user_events::catalogue
