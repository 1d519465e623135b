// Letters of ASCII; others stay as they are, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace user_events::base {

inline void lower_ascii(std::string& text) noexcept {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

[[nodiscard]] inline std::string lowered(std::string_view text) {
  std::string out(text);
  lower_ascii(out);
  return out;
}

}  // namespace user_events::base
