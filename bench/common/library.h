// The whole way through the library, for the benchmarks that put it beside a bare client.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/comparison.h"
#include "user_events/publisher.h"

namespace user_events::bench {

/// The user.created of one user; what a bare client sends for it has the same content.
[[nodiscard]] UserCreated event_of(std::uint32_t user);
[[nodiscard]] std::vector<AnyEvent> events_of(const std::vector<std::uint32_t>& users);

/// What the bare client sends for one of them, finished before the clock runs.
struct FinishedEvent {
  std::string id, key, body;
};
[[nodiscard]] FinishedEvent finished_event_of(std::uint32_t user, std::uint64_t sequence);

/// Forming, journal and delivery of `events` (of UserCreated) to one destination, in a new data directory `folder`, until all are acknowledged.
[[nodiscard]] Measurement run_library(const DestinationOptions& destination, const std::string& folder, const std::vector<AnyEvent>& events);

}  // namespace user_events::bench
