// Where consumers find what the destination sends.
#pragma once

#include "destinations/place.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations::redis {

/// Errors as `parse`.
[[nodiscard]] Result<Place> place_of(const DestinationOptions& options);

}  // namespace user_events::destinations::redis
