// The ways to send that are compared.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "destinations/broker.h"

namespace user_events::bench {

[[nodiscard]] Sample run_bare(BareClient& client, const Load& load, std::size_t events);

/// The adapter alone, encoding included. `observe` sees it before it is closed.
[[nodiscard]] Sample run_destination(const DestinationOptions& options, const Load& load, std::size_t events,
                                     const std::function<void(const destinations::Destination&)>& observe);

/// Forming, journal and delivery, in a new data directory `folder`, until the first of `destinations` has
/// acknowledged all; no latencies.
[[nodiscard]] Sample run_library(std::vector<DestinationOptions> destinations, const std::string& folder,
                                 const Load& load, std::size_t events);

}  // namespace user_events::bench
