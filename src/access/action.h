// What a client can be allowed to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace user_events::access {

enum class Action : std::uint8_t { publish, read, dead_letters, keys, admin, metrics, field_keys };
inline constexpr std::size_t kActions = 7;

/// As configuration and answers write it: `dead-letters`.
[[nodiscard]] constexpr std::string_view to_text(Action action) noexcept {
  switch (action) {
    case Action::publish: return "publish";
    case Action::read: return "read";
    case Action::dead_letters: return "dead-letters";
    case Action::keys: return "keys";
    case Action::admin: return "admin";
    case Action::metrics: return "metrics";
    case Action::field_keys: return "field-keys";
  }
  return "";
}

}  // namespace user_events::access
