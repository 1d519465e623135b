// How a signature is refused.
#pragma once

#include <string>

#include "user_events/error.h"

namespace user_events::signing {

[[nodiscard]] inline std::unexpected<Error> refuse(std::string why, std::string hint = {}) {
  return fail(ErrorKind::invalid, "not-verified", "not verified: " + std::move(why), std::move(hint));
}

}  // namespace user_events::signing
