// What must survive beside the journal and is not the hot path: positions and dead letters, in SQLite.
// One connection (behind a mutex), WAL, synchronous=FULL: a function that changes something returns when it is durable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "user_events/error.h"

namespace user_events::state {

struct SavedPosition {
  std::string journal_id;
  std::uint64_t low_water = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> acknowledged;  ///< Half-open, above low_water.
  std::string resume;                                                 ///< The destination's own (Destination::resume_state).
};

/// A dead letter, or an event that waits behind one (`head` false).
struct DeadLetter {
  std::uint64_t sequence = 0;
  bool head = true;
  std::string id, type, key, reason;
  std::int64_t since_ms = 0;
  std::string payload;  ///< The record's payload, so that it outlives the journal's retention.
};

/// A key with dead letters: its events after `first_sequence` wait behind that one.
struct HeldKey {
  std::string key;
  std::uint64_t first_sequence = 0;
  friend bool operator==(const HeldKey&, const HeldKey&) = default;
};

/// Thread-safe. Errors of all functions: full (no room on the disk), unavailable (locked by another process), damaged, io.
class State {
 public:
  /// Opens or creates the file (mode 0600), with its `-wal` and `-shm` beside it. `damaged` also for a file of a newer version.
  [[nodiscard]] static Result<std::unique_ptr<State>> open(const std::string& path);
  /// Writes nothing: functions that change something fail. Without a file there are no positions. Nobody may have it open
  /// for writing meanwhile.
  [[nodiscard]] static Result<std::unique_ptr<State>> open_read_only(const std::string& path);
  virtual ~State() = default;
  /// nullopt: a new destination.
  [[nodiscard]] virtual Result<std::optional<SavedPosition>> position(std::string_view destination) = 0;
  [[nodiscard]] virtual Result<void> save_position(std::string_view destination, const SavedPosition& position) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> destinations() = 0;  ///< Names with a saved position.
  /// Gives up its position and its dead letters.
  [[nodiscard]] virtual Result<void> remove_destination(std::string_view destination) = 0;
  /// All or none. Storing the same (destination, sequence, event id) again changes nothing. Returns how many are new.
  [[nodiscard]] virtual Result<std::uint64_t> store_dead_letters(std::string_view destination,
                                                                 const std::vector<DeadLetter>& letters) = 0;
  /// Keys with at least one dead letter, each once: their events wait (policy `hold`).
  [[nodiscard]] virtual Result<std::vector<HeldKey>> held_keys(std::string_view destination) = 0;
  /// By sequence, from the first above `after_sequence`.
  [[nodiscard]] virtual Result<std::vector<DeadLetter>> dead_letters(std::string_view destination,
                                                                     std::uint64_t after_sequence, std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> dead_letter_count(std::string_view destination) = 0;
};

}  // namespace user_events::state
