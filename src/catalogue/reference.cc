#include "catalogue/reference.h"

#include <charconv>

namespace user_events::catalogue {

std::optional<std::string> local_reference(std::string_view reference) {
  if (!reference.starts_with('#')) return std::nullopt;
  reference.remove_prefix(1);
  if (!reference.empty() && reference[0] != '/') return std::nullopt;
  std::string pointer;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (reference[i] != '%') {
      pointer += reference[i];
      continue;
    }
    const std::string_view digits = reference.substr(i + 1, 2);
    unsigned octet = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    pointer += static_cast<char>(octet);
    i += 2;
  }
  return pointer;
}

}  // namespace user_events::catalogue
