// What must survive beside the journal and is not the hot path: positions and dead letters, in SQLite.
// One connection (behind a mutex), WAL, synchronous=FULL: a function that changes something returns when it is durable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "user_events/delivery.h"
#include "user_events/error.h"

namespace user_events::state {

struct SavedPosition {
  std::string journal_id;
  std::uint64_t low_water = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> acknowledged;  ///< Half-open, above low_water.
  std::string resume;                                                 ///< The destination's own (Destination::resume_state).
  std::uint64_t replay_until = 0;   ///< Events up to here were sent before and are sent again on request.
  std::uint32_t replay = 0;         ///< Their mark: how often that was asked.
};

using LetterState = DeadLetterState;

/// Events that a destination will never get.
struct Gap {
  std::uint64_t first = 0, last = 0;  ///< Sequences, both included.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> delivered = {};  ///< Half-open, those in it that the destination had all the same.
  std::int64_t at_ms = 0;             ///< When it was noticed.
  std::string reason = {};
  /// How many are lost.
  [[nodiscard]] std::uint64_t events() const noexcept;
  [[nodiscard]] bool covers(std::uint64_t sequence) const noexcept;
};
/// Of one destination; older ones are forgotten.
inline constexpr std::int64_t kGapsKept = 20;

/// A letter of the dead letter store. Those `in_line` of one key form a line, by journal and sequence: only its first may be sent, and while
/// there is one, later events of that key are stored behind it.
struct Letter {
  std::uint64_t number = 0;      ///< Given by the store.
  LetterState state = LetterState::dead;
  bool in_line = true;           ///< False: skipped; nothing waits for it.
  std::string journal_id;
  std::uint64_t sequence = 0;
  std::string id, type, key, reason;
  std::uint32_t attempts = 0, replays = 0;
  std::int64_t since_ms = 0;
  std::uint64_t request = 0;     ///< The replay it belongs to.
  bool copy_due = false;         ///< Its copy to the dead letter topic was not acknowledged yet.
  std::uint32_t folded = 0;      ///< How many events it stands for; 0: itself alone.
  std::string payload;           ///< The record's, so that it outlives the journal's retention. Left out by `letters`.
};

/// A key with a line: its events from `first_sequence` on wait.
struct HeldKey {
  std::string key;
  std::uint64_t first_sequence = 0;  ///< 0: the line begins with a letter of another journal.
  bool flows = false;                ///< The first of the line is to be sent.
  friend bool operator==(const HeldKey&, const HeldKey&) = default;
};

/// How sending a letter ended, or its copy.
struct LetterEnd {
  enum class Kind : std::uint8_t {
    delivered,  ///< Acknowledged: the letter goes.
    dead,       ///< Failed for good: dead (or skipped) with `reason`; its line stands, and its replay ends for this line.
    copied,     ///< Its copy has arrived, or never can.
  };
  std::uint64_t number = 0;
  Kind kind = Kind::delivered;
  std::string reason;
  std::uint32_t attempts = 0;
  bool in_line = true;      ///< With `dead`: false lets the line go on (policy `skip`).
  bool copy_due = false;    ///< With `dead`: a copy goes to the dead letter topic.
};

struct DiscardOrder {
  std::string reason, by;
  std::int64_t now_ms = 0;
};
struct Discarded {
  std::uint64_t letters = 0;
  std::vector<std::string> keys;  ///< Lines that have changed.
};

/// Thread-safe. Errors of all functions: full (no room on the disk), unavailable (locked by another process), damaged, io.
class State {
 public:
  /// Opens or creates the file (mode 0600), with its `-wal` and `-shm` beside it; brings an older one up to date. `damaged` also for a file of a newer version.
  [[nodiscard]] static Result<std::unique_ptr<State>> open(const std::string& path);
  /// Writes nothing: functions that change something fail. Without a file there are no positions. Nobody may have it open
  /// for writing meanwhile.
  [[nodiscard]] static Result<std::unique_ptr<State>> open_read_only(const std::string& path);
  virtual ~State() = default;

  /// nullopt: a new destination.
  [[nodiscard]] virtual Result<std::optional<SavedPosition>> position(std::string_view destination) = 0;
  [[nodiscard]] virtual Result<void> save_position(std::string_view destination, const SavedPosition& position) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> destinations() = 0;  ///< Names with a saved position.
  /// Gives up its position, its letters, replays and gaps. What was discarded stays on record.
  [[nodiscard]] virtual Result<void> remove_destination(std::string_view destination) = 0;
  /// Takes the place of gaps that lie within it, and goes on with the one that it touches. Recording one again changes nothing.
  [[nodiscard]] virtual Result<void> record_gap(std::string_view destination, std::string_view journal_id, const Gap& gap) = 0;
  /// By sequence, at most kGapsKept.
  [[nodiscard]] virtual Result<std::vector<Gap>> gaps(std::string_view destination, std::string_view journal_id) = 0;
  [[nodiscard]] virtual Result<bool> is_paused(std::string_view destination) = 0;
  [[nodiscard]] virtual Result<void> set_paused(std::string_view destination, bool paused) = 0;

  /// All or none. Storing the same (destination, journal, sequence, event id) again changes nothing. Returns how many are new.
  [[nodiscard]] virtual Result<std::uint64_t> store_letters(std::string_view destination, const std::vector<Letter>& letters) = 0;
  /// Keys with a line, each once. Cost: reads the index of all letters of the destination.
  [[nodiscard]] virtual Result<std::vector<HeldKey>> held_keys(std::string_view destination, std::string_view journal_id) = 0;
  /// Sequences above `after` of letters that are in no line.
  [[nodiscard]] virtual Result<std::vector<std::uint64_t>> skipped_sequences(std::string_view destination, std::string_view journal_id,
                                                                             std::uint64_t after) = 0;
  /// The first letter of the key's line.
  [[nodiscard]] virtual Result<std::optional<Letter>> first_in_line(std::string_view destination, std::string_view key) = 0;
  /// Letters above `after` in no line that are to be sent again, and those whose copy is due; by number.
  [[nodiscard]] virtual Result<std::vector<Letter>> loose_letters(std::string_view destination, std::uint64_t after, std::size_t limit) = 0;
  /// All or none. Numbers that are not there any more are passed over.
  [[nodiscard]] virtual Result<void> settle(std::string_view destination, std::span<const LetterEnd> ends, std::int64_t now_ms) = 0;

  /// A page by number, without payloads. `filter.destination` empty: of all. Errors also: usage (types).
  [[nodiscard]] virtual Result<std::vector<Letter>> letters(const DeadLetterFilter& filter, std::uint64_t after, std::size_t limit,
                                                            std::vector<std::string>& destinations) = 0;
  [[nodiscard]] virtual Result<std::optional<std::pair<std::string, Letter>>> letter(std::uint64_t number) = 0;  ///< With its destination.
  [[nodiscard]] virtual Result<DeadLetterCounts> letter_counts(std::string_view destination) = 0;
  /// What the store knows of one event: the state of its letter, or that it was discarded (`nullopt` inside), or nothing.
  [[nodiscard]] virtual Result<std::optional<std::optional<LetterState>>> find_event(std::string_view destination, std::string_view journal_id,
                                                                                     std::uint64_t sequence) = 0;
  /// Has a letter of this journal with a sequence up to `until`: whether one was given up, and whether one waits.
  struct UpTo {
    bool given_up = false, waits = false;
  };
  [[nodiscard]] virtual Result<UpTo> letters_up_to(std::string_view destination, std::string_view journal_id, std::uint64_t until) = 0;

  /// Marks the dead and skipped letters of one destination that match, and what is held behind them, as one replay. nullopt: none matches.
  [[nodiscard]] virtual Result<std::optional<DeadLetterReplay>> start_replay(std::string_view destination, const DeadLetterFilter& filter,
                                                                             const ReplayOptions& options, std::int64_t now_ms) = 0;
  /// Newest first; `number` not 0: that one.
  [[nodiscard]] virtual Result<std::vector<DeadLetterReplay>> replays(std::uint64_t number) = 0;
  [[nodiscard]] virtual Result<void> cancel_replay(std::uint64_t number, std::int64_t now_ms) = 0;
  /// Deletes the letters of one destination that match, and records each.
  [[nodiscard]] virtual Result<Discarded> discard(std::string_view destination, const DeadLetterFilter& filter, const DiscardOrder& order) = 0;
  /// A page of the record of what was discarded, by the number that the letter had. Of the filter, `reason` is looked for in the cause, and since and
  /// until are about when it was discarded. Errors also: invalid (`user`, `states`: the record has neither).
  [[nodiscard]] virtual Result<std::vector<DiscardedLetter>> discarded(const DeadLetterFilter& filter, std::uint64_t after, std::size_t limit) = 0;
};

}  // namespace user_events::state
