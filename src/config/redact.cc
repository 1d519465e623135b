#include "config/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace user_events::config {
namespace {

// Behind `host:` there are digits only; anything else is a user's name and the beginning of a password.
bool names_no_port(std::string_view authority) {
  if (authority.ends_with(']')) return false;  // an IPv6 address
  const auto colon = authority.rfind(':');
  return colon != std::string_view::npos &&
         authority.find_first_not_of("0123456789", colon + 1) != std::string_view::npos;
}

}  // namespace

std::string without_user_info(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const auto begin = scheme + 3;
  const auto authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  auto at = authority.rfind('@');
  if (at == std::string_view::npos && names_no_port(authority)) at = url.substr(begin).rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  return fmt::format("{}{}{}", url.substr(0, begin), kRedacted, url.substr(begin + at));
}

std::string without_query(std::string_view url) {
  const auto query = url.find('?');
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  if (!is_http || query == std::string_view::npos) return std::string(url);
  return fmt::format("{}{}", url.substr(0, query + 1), kRedacted);
}

bool speaks_of_a_secret(std::string_view name) {
  static constexpr std::array kWords = {
      "password",   "secret",     "token",         "credential",  "jaas",
      "private",    "apikey",     "api_key",       "api.key",     "access_key",
      "access.key", "passphrase", "authorization", "signing_key", "oauthbearer.config",
      "kinit.cmd",  "nkey_seed"};
  const std::string lower = base::lowered(name);
  return lower.ends_with(".pem") || lower.starts_with("headers.") ||
         std::ranges::any_of(kWords, [&](const char* word) { return lower.find(word) != std::string::npos; });
}

}  // namespace user_events::config
