// Where a destination begins when its runner starts.
#pragma once

#include <string>

#include "delivery/core.h"
#include "journal/journal.h"
#include "ports/clock.h"
#include "state/state.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::delivery {

struct StartPosition {
  CorePosition position;
  std::string resume;                   ///< The destination's own state, as saved with that position.
  std::uint64_t replay_until = 0;       ///< Events up to here are sent again on request, with the mark `replay`.
  std::uint32_t replay = 0;
  std::uint64_t lost_to_retention = 0;  ///< Events that retention removed before this destination had them.
  bool same_journal = true;             ///< False: what the state says of sequences is not about this journal.
  std::string note;                     ///< For people, when the start is not simply the saved position; else empty.
};

/// The saved position; for a new destination the one that `options.start` names (saved durably, so that a later start does not
/// take it anew). A position saved under another journal id, or beyond the journal's end, says nothing about this journal's
/// events: then everything that the journal holds is delivered again. Errors: usage (`start`), and those of State.
/// A gap that retention has made is recorded; if the state cannot be written, it is found again by the next start.
[[nodiscard]] Result<StartPosition> find_start(const DestinationOptions& options, const journal::Journal& journal,
                                               state::State& state, const ports::Clock& clock);

/// Records that a destination never gets the events from `first` to `last`, but for those `delivered`, and says so in the log.
[[nodiscard]] Result<state::Gap> record_gap(const DestinationOptions& options, const journal::Journal& journal, state::State& state,
                                            const ports::Clock& clock, state::Gap gap);

}  // namespace user_events::delivery
