// The thread of one destination: reads the journal, asks the core, calls the destination, saves the position.
// What it guarantees, and when not: docs/delivery.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "destinations/destination.h"
#include "journal/journal.h"
#include "ports/clock.h"
#include "privacy/sealed_record.h"
#include "state/state.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::delivery {

/// How one destination stands. Counters run since start. The lag is right also while the destination's thread is blocked.
struct RunnerStats {
  std::uint64_t low_water = 0;     ///< Everything up to here is delivered, filtered out or stored as a dead letter.
  std::uint64_t saved_low_water = 0;  ///< The low-water mark that is durable: what a restart begins with.
  std::uint64_t delivered = 0;     ///< Acknowledged events, those that reconciliation found included.
  std::uint64_t sent = 0;          ///< Attempts that the destination took.
  std::uint64_t retries = 0;       ///< Attempts that ended `retry` or `unavailable`.
  std::uint64_t in_doubt = 0;      ///< Attempts that ended `in_doubt`.
  std::uint64_t refused = 0;       ///< Attempts that ended `refused`.
  std::uint64_t dropped = 0;       ///< Events that a volume rule left out (sample, limit).
  std::uint64_t folded = 0;        ///< Events that another one stands for.
  std::uint64_t erased = 0;        ///< Events passed over because their user was forgotten.
  std::uint64_t unmapped = 0;      ///< Events passed over because they have no counterpart in what the destination gets.
  std::uint64_t dead_letters = 0;  ///< In the store now, those that wait behind one included.
  DeadLetterCounts letters;        ///< The same by state.
  std::uint64_t replayed = 0;      ///< Letters that went out from the store.
  bool paused = false;
  bool circuit_open = false;
  std::uint64_t lost_to_retention = 0;  ///< Events that retention removed before this destination had them.
  std::vector<state::Gap> gaps;    ///< Those, and what was lost before the start: all that is on record.
  std::uint32_t in_flight = 0;     ///< Taken by the destination, not yet reported.
  std::uint32_t pending = 0;       ///< Read from the journal and not yet done.
  std::uint64_t lag_bytes = 0;     ///< Estimate: events not yet done times the mean size of a record in the journal.
  std::chrono::milliseconds lag_age{0};  ///< Age of the oldest event not yet done; 0 when there is none.
  destinations::Health health;     ///< The destination's; `down` with the runner's own problem when it has one.
};

/// How long a command waits for what is under way.
inline constexpr std::chrono::milliseconds kCommandWait{5'000};

class Runner {
 public:
  /// Starts delivery from the saved position, or from `options.start` for a new destination (that position is durable when this
  /// returns). Loads the held keys. `encoder` makes of each event what is sent, on the runner's thread. `opener` reads sealed records. `journal`, `state` and `clock` must
  /// outlive the runner. Never waits for a broker.
  /// Errors: usage (types, start, a setting that can never work), and those of State.
  [[nodiscard]] static Result<std::unique_ptr<Runner>> start(const DestinationOptions& options,
                                                             std::unique_ptr<destinations::Destination> destination,
                                                             std::unique_ptr<encoding::Encoder> encoder, journal::Journal& journal, state::State& state,
                                                             const ports::Clock& clock, const privacy::RecordOpener& opener = {});
  ~Runner();  ///< stop(0).
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Thread-safe, no system call.
  [[nodiscard]] RunnerStats stats() const;
  /// Everything up to here is done. Thread-safe, one atomic load.
  [[nodiscard]] std::uint64_t low_water() const noexcept;
  /// `sequence` is delivered, filtered out or stored as a dead letter, also when an older one is not. Thread-safe; may wait for
  /// one batch of the runner (about a millisecond) when the answer is not plain from the low-water mark.
  [[nodiscard]] bool is_done(std::uint64_t sequence) const;
  /// As DeliveryProgress::state. Thread-safe; may read the journal and the state.
  [[nodiscard]] std::string progress_state(std::uint64_t sequence) const;
  /// The same of everything up to `sequence`.
  [[nodiscard]] std::string progress_up_to(std::uint64_t sequence) const;

  // ---- What people ask for. Thread-safe; done on the runner's thread and durable when they return; wait for what is under way, at most
  // ---- kCommandWait. Errors: unavailable (not in time, or stopping; nothing was changed), those of State.
  /// nullopt: no letter matches.
  [[nodiscard]] Result<std::optional<DeadLetterReplay>> replay_letters(const DeadLetterFilter& filter, const ReplayOptions& options);
  [[nodiscard]] Result<void> cancel_replay(std::uint64_t number);
  [[nodiscard]] Result<std::uint64_t> discard_letters(const DeadLetterFilter& filter, const std::string& reason, const std::string& by);
  [[nodiscard]] Result<void> set_paused(bool paused);
  /// Goes back to the event `sequence`; what was offered up to now is sent again, marked.
  [[nodiscard]] Result<RewindResult> rewind(std::uint64_t sequence);

  /// Called on the runner's thread after each batch in which events got done, and at the end. Must not block nor call stop.
  /// Replaces the one before; an empty function: none. When this returns, the one before is not running.
  void set_progress_listener(std::function<void()> listener);

  /// Delivers what the journal holds until all is done or `deadline` has passed (at once if the destination is down and nothing
  /// is in flight, or it is paused), closes the destination, saves the position. Idempotent, thread-safe. Afterwards stats() still answers.
  void stop(std::chrono::milliseconds deadline);

  struct Impl;  ///< runner_impl.h; the simulation of the whole delivery steps it without a thread.

 private:
  explicit Runner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::delivery
