// One seeded life of all of delivery: a journal, several destinations with runners of their own, one process that dies and comes again.
#pragma once

#include <cstdint>
#include <string>

#include "whole/fate.h"

namespace user_events::delivery::whole {

struct Outline {
  std::string failure;  ///< What was broken, one line; empty: nothing.
  std::uint64_t events = 0, destinations = 0, arrivals = 0, repeats = 0, letters = 0, held = 0, parked = 0, copies = 0, replays = 0, discarded = 0, rewinds = 0,
                folded = 0, left_out = 0, crashes = 0, power_cuts = 0, restarts = 0, pauses = 0, jumps = 0, read_faults = 0;
};

/// Everything but `defect` follows from the seed.
[[nodiscard]] Outline run_world(std::uint64_t seed, Defect defect = Defect::none);

}  // namespace user_events::delivery::whole
