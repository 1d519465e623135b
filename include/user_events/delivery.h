// What a person can see and do about delivery: dead letters, replays, pausing a destination. Part of publisher.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "user_events/event.h"

namespace user_events {

/// Where a letter of the dead letter store stands. Texts: `dead`, `held`, `parked`, `replaying`, `skipped`.
enum class DeadLetterState : std::uint8_t {
  dead,       ///< Given up; under `hold` its user's later events wait behind it until it is replayed or discarded.
  held,       ///< Waits behind an earlier letter of its user; goes out by itself when that is gone.
  parked,     ///< Not given up: it has failed for long while others passed, and is retried from the store.
  replaying,  ///< Somebody asked to send it again.
  skipped,    ///< Given up under `skip`: nothing waits behind it.
};
[[nodiscard]] std::string_view to_text(DeadLetterState state) noexcept;
[[nodiscard]] std::optional<DeadLetterState> dead_letter_state(std::string_view text) noexcept;

/// One letter, without the event's content.
struct DeadLetter {
  std::uint64_t number = 0;      ///< Stable, never used again.
  std::string destination;
  DeadLetterState state = DeadLetterState::dead;
  std::string journal_id;
  std::uint64_t sequence = 0;    ///< The event's, in that journal.
  std::string event_id, type;
  std::string user;              ///< The ordering key: the user's id, or the token of an identifier.
  std::string reason;            ///< The last failure. No payload, no personal data.
  std::uint32_t attempts = 0;    ///< Those that counted.
  std::uint32_t replays = 0;     ///< How often its replay was asked for.
  Timestamp since{};             ///< When it was stored.
};

/// A letter with its event.
struct DeadLetterDetail {
  DeadLetter letter;
  std::uint64_t behind = 0;  ///< Of a held one: the number of the first letter of its user's line; 0 when it is the first itself.
  std::string json;          ///< The event as CloudEvents JSON.
};

/// Which letters; every condition given must hold. None: all.
struct DeadLetterFilter {
  std::string destination = {};
  std::vector<std::uint64_t> numbers = {};      ///< At most kMaxDeadLetterNumbers.
  std::vector<std::string> types = {};          ///< Patterns as in a destination's `types`.
  std::vector<std::string> within = {};         ///< Further patterns that must hold as well: what the caller may see.
  std::string user = {};
  std::optional<Timestamp> since = {}, until = {};  ///< Stored at or after, before.
  std::string reason = {};                      ///< A part of the reason, ASCII letters in either case.
  std::vector<DeadLetterState> states = {};
};
inline constexpr std::size_t kMaxDeadLetterNumbers = 10'000;
inline constexpr std::size_t kMaxPageLetters = 1'000;       ///< Of one page of dead letters.
inline constexpr std::uint32_t kMaxReplayRate = 1'000'000;  ///< Events per second that a replay can be asked for by command and by HTTP.

struct DeadLetterPage {
  std::vector<DeadLetter> letters;  ///< By number.
  std::uint64_t next = 0;           ///< `after` of the next page; 0: there is none.
};

struct DeadLetterCounts {
  std::uint64_t dead = 0, held = 0, parked = 0, replaying = 0, skipped = 0;
  std::optional<Timestamp> oldest = {};  ///< When the oldest that is dead or skipped was stored.
  [[nodiscard]] std::uint64_t total() const noexcept { return dead + held + parked + replaying + skipped; }
};

struct ReplayOptions {
  std::uint32_t rate = 0;      ///< Events per second of this replay, held ones that follow included; 0: as fast as the destination takes them.
  std::string requested_by = {};  ///< For the record: who asked.
};

/// A replay of dead letters and how far it is. It survives restarts and goes on by itself.
struct DeadLetterReplay {
  std::uint64_t number = 0;
  std::string destination;
  std::string state;               ///< running | done | cancelled
  std::uint64_t total = 0;         ///< Letters asked for, and those held behind them.
  std::uint64_t delivered = 0;     ///< Acknowledged.
  std::uint64_t dead_again = 0;    ///< Failed again: dead letters as before, with the new reason.
  std::uint64_t remaining = 0;     ///< Still to come. What is in none of these went back behind a letter that failed again, or was discarded.
  std::uint32_t rate = 0;
  std::string requested_by;
  Timestamp since{};
  std::optional<Timestamp> finished = {};
};

struct DiscardResult {
  std::uint64_t discarded = 0;
};

/// The record of a letter that somebody gave up for good: what it was, and who decided so, when and why. Without its user and content.
struct DiscardedLetter {
  std::uint64_t number = 0;      ///< The letter's.
  std::string destination;
  std::string journal_id;
  std::uint64_t sequence = 0;    ///< The event's, in that journal.
  std::string event_id, type;
  std::string cause;             ///< Why it had been a letter.
  std::string reason, by;        ///< Why it was given up, and who said so.
  Timestamp at{};
};

struct DiscardedPage {
  std::vector<DiscardedLetter> letters;  ///< By number.
  std::uint64_t next = 0;                ///< `after` of the next page; 0: there is none.
};

/// Where a destination is to begin again: a sequence, or the first event accepted at or after a time.
struct RewindTarget {
  std::optional<std::uint64_t> sequence = {};
  std::optional<Timestamp> time = {};
};

struct RewindResult {
  std::uint64_t from = 0, until = 0;  ///< These events are sent again, both included, marked as replays.
  std::uint32_t replay = 0;           ///< Their `replay` mark.
};

/// Events that a destination will never get: removed from the journal before it had them.
struct DeliveryGap {
  std::uint64_t first = 0, last = 0;  ///< Sequences, both included.
  std::uint64_t events = 0;           ///< How many of these it did not have.
  Timestamp at{};                     ///< When it was noticed.
  std::string reason;
};

/// Where one destination is with an event, or with all events up to one.
/// `state` of an event: `delivered`, `pending`, `filtered`, `dead-letter` (dead or skipped), `held` (parked and replayed ones too), `discarded`, `lost`
/// (removed from the journal before the destination had it). Of all events up to one (`flush`): `delivered` when nothing is open, else the first that applies
/// of `pending`, `lost`, `dead-letter`, `held`.
struct DeliveryProgress {
  std::string destination;
  bool delivered = false;
  std::string state;
};

}  // namespace user_events
