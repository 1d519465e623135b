// The schema of what a plan makes of valid data: the source's schema, changed as the data is.
#pragma once

#include <string>
#include <string_view>

#include <simdjson.h>

#include "casts/plan.h"

namespace user_events::casts {

/// JSON Schema 2020-12. It allows everything that the plan makes of data that `source` allows, and perhaps more: what a schema says of
/// objects that change beside their members is left out. `schema` is the parsed text of `source`.
[[nodiscard]] std::string image_of(const Plan& plan, const catalogue::Program& source, const simdjson::dom::element& schema);

}  // namespace user_events::casts
