// A plan carried out on data.
#pragma once

#include <string>
#include <string_view>

#include "casts/plan.h"

namespace user_events::casts {

/// Appends what the plan makes of `data`: one JSON object in the standard form. False, with `out` in any state, if it is none. `plan.root` is a
/// step. Linear; allocates only when `out` must grow.
[[nodiscard]] bool apply(const Plan& plan, std::string_view data, std::string& out);

}  // namespace user_events::casts
