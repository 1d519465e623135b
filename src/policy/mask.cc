#include "policy/mask.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace user_events::policy {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kLastDigits = 2, kLeastHiddenDigits = 4, kMaxProductBytes = 32;

constexpr std::array<std::pair<std::string_view, Mask>, 6> kMasks = {{{"email", Mask::email},
                                                                      {"ip", Mask::ip},
                                                                      {"name", Mask::first_letter},
                                                                      {"username", Mask::first_letter},
                                                                      {"phone", Mask::last_digits},
                                                                      {"user-agent", Mask::first_product}}};

/// The first character of UTF-8 text, unless it is the whole.
std::string_view first_character(std::string_view text) noexcept {
  std::size_t size = text.empty() ? 0 : 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size < text.size() ? text.substr(0, size) : std::string_view();
}

void append_email(std::string_view text, std::string& out) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) return void(out.append(kHidden));
  const bool is_quoted = text.front() == '"';
  out.append(is_quoted ? std::string_view() : first_character(text.substr(0, at))).append(kHidden).append(text.substr(at));
}

void append_network(std::string_view text, std::string& out) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  std::array<unsigned char, 16> address{};
  if (text.size() >= buffer.size()) return void(out.append(kHidden));
  std::ranges::copy(text, buffer.begin());
  const bool is_old = ::inet_pton(AF_INET, buffer.data(), address.data()) == 1;
  if (!is_old && ::inet_pton(AF_INET6, buffer.data(), address.data()) != 1) return void(out.append(kHidden));
  constexpr std::size_t kOldBytes = 3, kNewBytes = 6;
  std::fill(address.begin() + (is_old ? kOldBytes : kNewBytes), address.end(), 0);
  out.append(::inet_ntop(is_old ? AF_INET : AF_INET6, address.data(), buffer.data(), buffer.size()));
}

void append_last_digits(std::string_view text, std::string& out) {
  out.append(kHidden);
  const auto digits = std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; });
  if (static_cast<std::size_t>(digits) < kLastDigits + kLeastHiddenDigits) return;
  const std::string_view last = text.substr(text.size() - kLastDigits);
  if (std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; })) out.append(last);
}

/// RFC 9110, 10.1.5: `Mozilla/5.0 (…)` begins with the token of a product.
void append_product(std::string_view text, std::string& out) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto size = static_cast<std::size_t>(std::ranges::find_if_not(text, is_letter) - text.begin());
  const bool is_product = size > 0 && size <= kMaxProductBytes && size < text.size() && text[size] == '/';
  out.append(is_product ? text.substr(0, size) : kHidden);
}

}  // namespace

Mask mask_of(std::string_view klass) noexcept {
  const auto found = std::ranges::find(kMasks, klass, &std::pair<std::string_view, Mask>::first);
  return found == kMasks.end() ? Mask::all : found->second;
}

void append_masked(Mask mask, std::string_view text, std::string& out) {
  switch (mask) {
    case Mask::all: return void(out.append(kHidden));
    case Mask::email: return append_email(text, out);
    case Mask::ip: return append_network(text, out);
    case Mask::first_letter: return void(out.append(first_character(text)).append(kHidden));
    case Mask::last_digits: return append_last_digits(text, out);
    case Mask::first_product: return append_product(text, out);
  }
}

}  // namespace user_events::policy
