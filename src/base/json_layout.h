// JSON text laid out for people.
#pragma once

#include <string>
#include <string_view>

namespace user_events::base {

/// The same JSON with an item a line, two spaces a level; values keep their text. `json` must be well-formed. Linear.
[[nodiscard]] std::string lay_out(std::string_view json);

}  // namespace user_events::base
