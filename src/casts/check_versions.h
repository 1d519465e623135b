// `schema check` of event types that declare casts.
#pragma once

#include <span>
#include <vector>

#include "compatibility/compatibility.h"
#include "user_events/error.h"

namespace user_events::casts {

/// As compatibility::check of JSON Schemas. Where a version on the way to the newest declares a cast, and each step is shown to make valid data of
/// all that one version's producers send for the other's consumers, errors of the data become warnings; what annotations say stays.
[[nodiscard]] Result<std::vector<compatibility::Finding>> check_versions(compatibility::Mode mode,
                                                                         std::span<const compatibility::Document> versions);

}  // namespace user_events::casts
