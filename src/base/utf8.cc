#include <simdjson.h>

#include "base/json_text.h"

namespace user_events::base {

bool is_valid_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace user_events::base
