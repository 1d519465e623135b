// One seeded life of a delivery core: a journal, a modelled broker, a dead letter store, crashes; and the checks.
#pragma once

#include <cstdint>
#include <string>

#include "simulation/faulty_core.h"

namespace user_events::delivery::simulation {

struct Outline {
  std::string failure;  ///< What was broken, one line; empty: nothing.
  std::uint64_t events = 0, deliveries = 0, duplicates = 0, dead_letters = 0, held = 0, crashes = 0, parked = 0, replays = 0, discarded = 0,
                postponed = 0;  ///< Times that an event could not be encoded.
};

/// Everything but `defect` follows from the seed: mode, sizes, keys, faults, their times.
[[nodiscard]] Outline run_simulation(std::uint64_t seed, Defect defect = Defect::none);

}  // namespace user_events::delivery::simulation
