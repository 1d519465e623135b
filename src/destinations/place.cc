#include "destinations/place.h"

#include <algorithm>

namespace user_events::destinations {

std::optional<std::string> address_of(std::string_view name) {
  if (name.find_first_of("{}") != std::string_view::npos) return std::nullopt;
  return std::string(name);
}

std::optional<std::string> address_of(const NameTemplate& name) {
  if (!address_of(name.expand(""))) return std::nullopt;
  return name.expand("{type}");
}

std::string host_of_url(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, std::min(url.find_first_of("/?#"), url.size()));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  return std::string(url);
}

}  // namespace user_events::destinations
