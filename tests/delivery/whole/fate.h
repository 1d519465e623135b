// What every port of the simulated process shares: the dice, whether faults are on, and where the process dies.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "simulation/random.h"

namespace user_events::delivery::whole {

using simulation::Dice;

/// The process is gone: thrown out of whatever it was doing, caught by the world alone.
struct Died {};

/// What is put wrong on purpose, one at a time, to see that the checks notice.
enum class Defect : std::uint8_t {
  none,
  cursor_shared,         ///< One destination's position is saved for the others too.
  position_early,        ///< The saved position covers what was only read.
  position_not_saved,    ///< A position counts as saved and is not.
  filter_shared,         ///< All destinations get the first one's types.
  rewind_skips,          ///< A rewind begins one event too late.
  rewind_unmarked,       ///< What is sent again after a rewind and a restart carries no mark.
  pause_forgotten,       ///< A paused destination sends after a restart.
  held_keys_not_loaded,  ///< After a restart later events pass the dead letter of their user.
  skipped_forgotten,     ///< A skipped letter goes out by itself after a restart.
  letters_lost,          ///< Letters count as stored and are gone after a crash.
  letters_of_another,    ///< Lines of one destination stand at another one too.
  line_backwards,        ///< The last of a line is sent first.
  letter_deleted_early,  ///< A letter goes when it is sent.
  copy_to_wrong_destination,  ///< A copy is sent for a letter of another destination.
  copy_forgotten,        ///< Nobody notes that a letter is to be copied.
  copy_taken_for_event,  ///< The acknowledgement of a copy deletes the letter.
  fold_counted_twice,    ///< A fold says that it stands for one more than it does.
  fold_undercounted,     ///< …or for one less.
  doubt_is_accepted,     ///< The adapter takes in doubt for accepted.
  found_of_other_journal,  ///< Reconciliation reports events that are not there.
  failures_forgotten,    ///< The adapter lets later events of a user pass a failure.
};

struct Fate {
  explicit Fate(std::uint64_t seed, Defect what) : dice(seed), defect(what) {}
  Dice dice;
  Defect defect;
  bool faults = true;
  bool mortal = false;            ///< Only within a turn of a runner.
  unsigned death_permyriad = 0;   ///< At each operation.

  void maybe_die() {
    if (mortal && faults && death_permyriad != 0 && dice.below(10'000) < death_permyriad) throw Died{};
  }
  [[nodiscard]] bool fails(unsigned percent) { return mortal && faults && dice.chance(percent); }
  void violated(std::string what) {
    note("BROKEN ", what);
    if (failure.empty()) failure = std::move(what);
  }
  /// A line of the life's story, for who replays one with UE_TRACE=1.
  template <class... Parts>
  void note(const Parts&... parts) const {
    if (!traced) return;
    ((std::cerr << parts), ...);
    std::cerr << '\n';
  }
  const bool traced = std::getenv("UE_TRACE") != nullptr;
  std::string failure;  ///< The first promise that was broken.
};

}  // namespace user_events::delivery::whole
