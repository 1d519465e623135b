// The delivery core of one destination: a state machine without I/O, clock or threads, so that a simulation can drive
// it through millions of faults from a seed. Inputs: offer, skip, result, tick (as `now`). Outputs: send, wait, dead-letter.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/retry.h"
#include "destinations/destination.h"

namespace user_events::delivery {

struct CoreOptions {
  std::uint32_t window_events = 65'536;  ///< Sequences between low-water mark and newest offered. Bounds the memory: 32 bytes each, and 100 for each key among them.
  std::uint32_t max_in_flight = 1'000;
  /// Features::ordered_pipeline: several events of a key in flight. After a failure the core waits until all of that key that is in flight was
  /// reported, then sends the oldest alone, and is a pipeline again once that one is accepted. False: one event of a key at a time.
  bool ordered_pipeline = false;
  RetryOptions retry;                    ///< What counts as an attempt: Judge.
  bool hold = true;                      ///< Later events of a key wait behind its dead letter; false: they go on.
  /// A key whose oldest event pins the low-water mark and has failed for this long while the destination is up is parked; also when it has
  /// failed kParkFailures times and the window is nearly full; while the circuit is open only if nobody else in the window could be tried.
  std::chrono::nanoseconds park_after = std::chrono::seconds(60);
  Circuit* circuit = nullptr;            ///< Shared with who else sends there, must outlive the core; nullptr: one of its own.
  std::uint64_t seed = 1;                ///< Of the jitter.
};

/// Half-open ranges [first, last) of sequences.
using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Durable position: everything up to `low_water` and in `acknowledged` is done.
struct CorePosition {
  std::uint64_t low_water = 0;
  Ranges acknowledged;
};

enum class ActionKind : std::uint8_t { send, dead_letter, hold, park };

inline constexpr std::uint32_t kParkFailures = 3;

/// What the runner must do now.
///  send: give the event to the destination; if it answers busy, call `unsent`.
///  dead_letter: store the event as a dead letter (a refused head), durably, then call `stored`.
///  hold: store the event behind its key's line, durably, then call `stored`.
///  park: the same, but the event may begin a line: it is not given up.
struct Action {
  ActionKind kind = ActionKind::send;
  std::uint64_t sequence = 0;
  std::uint32_t counted = 0;             ///< Of dead_letter and park: the attempts that counted.
  Cause cause = Cause::refused;          ///< Of dead_letter.
};

/// Not thread-safe. Every function is O(1) amortised, without allocation on the way of an event that is accepted at the first attempt.
class Core {
 public:
  Core(const CoreOptions& options, const CorePosition& position);
  ~Core();
  Core(Core&&) noexcept;
  Core& operator=(Core&&) noexcept;

  /// Room for `next_offer()`?
  [[nodiscard]] bool wants_more() const noexcept;
  /// The sequence the core expects next from the journal.
  [[nodiscard]] std::uint64_t next_offer() const noexcept;
  /// Hands in the record `next_offer()`. Events with the same key hash keep their order. A record that the position
  /// already covers is taken as done.
  void offer(std::uint64_t sequence, std::uint64_t key_hash);
  /// The same for an event that is to be sent for others too, once `close_fold` says that all have joined it.
  void carry(std::uint64_t sequence, std::uint64_t key_hash);
  /// The record `next_offer()` is done when `carrier` is. False, and nothing happens: the carrier is done already, nobody would send this one.
  [[nodiscard]] bool join(std::uint64_t sequence, std::uint64_t carrier);
  void close_fold(std::uint64_t carrier);
  /// The record `next_offer()` is not for this destination.
  void skip(std::uint64_t sequence);

  /// The next thing to do at `now`, or nothing. A send returned here counts as in flight.
  [[nodiscard]] std::optional<Action> next_action(Time now);
  /// The destination was busy: the send of `sequence` did not happen (no attempt counted); it will be returned again, in order.
  void unsent(std::uint64_t sequence);
  /// It could not be encoded: the send of `sequence` did not happen (no attempt counted). It is returned again after a back-off of its own, in
  /// order of its key; other keys go on. Like an event that fails it is parked when it pins the others.
  void postpone(std::uint64_t sequence, Time now);
  /// It can never be encoded: it is given up. False: not yet, older ones of its key are in flight; it is returned again after them.
  [[nodiscard]] bool refuse(std::uint64_t sequence, Time now);
  /// Its user was forgotten, and there is nothing to send: it is done. Says nothing of the destination.
  void pass_over(std::uint64_t sequence);
  /// How an attempt ended. Also for sequences that were never sent here (reconciliation found them): accepted only.
  /// Late and repeated results are ignored.
  void result(std::uint64_t sequence, Outcome outcome, Time now);
  /// A dead_letter, hold or park action is durable.
  void stored(std::uint64_t sequence);
  /// A key that has a line in the dead letter store: its events after the sequence `after` are held from now on.
  void hold_key(std::uint64_t key_hash, std::uint64_t after);
  /// Its line is empty: its events flow again. False, and nothing happens: one of its events is on its way into the store.
  [[nodiscard]] bool release_key(std::uint64_t key_hash);
  /// Nothing of the key is under way here, and nothing older than `sequence` is open or still to be offered: a letter of that sequence may be
  /// sent.
  [[nodiscard]] bool may_pass(std::uint64_t key_hash, std::uint64_t sequence) const noexcept;
  /// An event of the key failed that was not sent from here (a letter): what is in flight may have failed with it, so it is awaited, and the
  /// oldest goes alone then.
  void probe_key(std::uint64_t key_hash) noexcept;
  /// Of what was offered and is not done.
  [[nodiscard]] bool is_in_flight(std::uint64_t sequence) const noexcept;

  /// When the next back-off ends, or a little earlier; nothing if none is running.
  [[nodiscard]] std::optional<Time> next_wakeup() const;
  [[nodiscard]] CorePosition position() const;
  [[nodiscard]] std::uint64_t low_water() const noexcept;
  /// Done, also when an older one is not.
  [[nodiscard]] bool is_done(std::uint64_t sequence) const noexcept;
  [[nodiscard]] std::uint32_t in_flight() const noexcept;
  /// Offered and not yet done.
  [[nodiscard]] std::uint32_t pending() const noexcept;
  /// Of these, carriers whose fold is open and what has joined any.
  [[nodiscard]] std::uint32_t folding() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::delivery
