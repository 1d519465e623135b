// Sends what lies in the dead letter store and is to go out: the lines of keys that flow (parked, held behind a letter that is gone, replayed),
// replays of skipped letters, and copies to the dead letter topic. Like the core without clock and threads; the store is an interface, so
// that the simulation drives this very code.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/core.h"
#include "delivery/retry.h"
#include "state/state.h"

namespace user_events::delivery {

/// What the desk needs of the dead letter store of its destination.
class LetterStore {
 public:
  virtual ~LetterStore() = default;
  [[nodiscard]] virtual Result<std::optional<state::Letter>> first_in_line(const std::string& key) = 0;
  [[nodiscard]] virtual Result<std::vector<state::Letter>> loose_letters(std::uint64_t after, std::size_t limit) = 0;
  /// Durable when it returns; all or none.
  [[nodiscard]] virtual Result<void> settle(std::span<const state::LetterEnd> ends) = 0;
  /// Events per second of a replay; 0: no limit.
  [[nodiscard]] virtual std::uint32_t rate(std::uint64_t request) = 0;
};

struct DeskOptions {
  RetryOptions retry;
  bool hold = true;                  ///< A letter that fails for good holds its line; false: it leaves the line.
  bool copies = false;               ///< Dead letters go to a topic of their own, too.
  std::uint32_t max_in_flight = 250;
  std::string journal_id;
  std::uint64_t seed = 1;
};

/// One letter of a key at a time; the next one when the end of that one is durable. Not thread-safe. Memory: at most kMaxLoaded letters, and a
/// small entry for each line that flows.
class LetterDesk {
 public:
  static constexpr std::size_t kMaxLoaded = 512;

  struct Sending {
    const state::Letter* letter;     ///< Valid until the next call.
    bool copy;                       ///< To the dead letter topic.
  };

  LetterDesk(const DeskOptions& options, Circuit& circuit, LetterStore& store, std::function<std::uint64_t(std::string_view)> hash);

  /// Something was stored in, or taken out of, the line of this key, or a replay begins: it is looked at again.
  void line_changed(const std::string& key);
  void loose_changed() { loose_after_ = 0, loose_left_ = true; }
  /// Makes ends durable, looks lines up, releases keys whose line is empty in `core`. After an error of the store nothing has changed, and
  /// the next call tries again.
  [[nodiscard]] Result<void> work(Core& core, Time now);
  /// The next letter to send; it counts as in flight.
  [[nodiscard]] std::optional<Sending> next(const Core& core, Time now);
  /// The destination was busy: the send of that sequence did not happen.
  void unsent(std::uint64_t sequence);
  /// It could not be encoded: the send did not happen, and comes again after a back-off of its own.
  void postpone(std::uint64_t sequence, Time now);
  /// It can never be encoded: it is dead again.
  void refuse(Core& core, std::uint64_t sequence, const std::string& reason);
  /// Its user was forgotten, and there is nothing to send: it goes like one that was delivered, but is not counted as such.
  void pass_over(std::uint64_t sequence);
  /// A letter of that sequence is in flight: its report belongs here.
  [[nodiscard]] bool owns(std::uint64_t sequence) const { return in_flight_.contains(sequence); }
  void result(Core& core, std::uint64_t sequence, Outcome outcome, const std::string& reason, Time now);
  /// Forgets everything that is not in flight, to be told anew what there is; lines that flowed are looked at again. Only while nothing is in
  /// flight.
  void clear();

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }
  /// Ends that `work` is to make durable.
  [[nodiscard]] bool has_ended() const noexcept { return !ended_.empty(); }
  [[nodiscard]] bool has_work() const noexcept {
    return !ended_.empty() || (!lookups_.empty() && items_.size() < kMaxLoaded) || (loose_left_ && loose_loaded_ < kMaxLoaded / 2);
  }
  [[nodiscard]] std::optional<Time> next_wakeup() const;
  [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }

 private:
  struct Item {
    state::Letter letter;
    bool copy = false;
    Tries tries;
    bool paced = false;
    bool asleep = false;
  };
  /// What is kept of a line's first letter while that is asleep and out of memory.
  struct Line {
    std::uint64_t number = 0;
    Tries tries;
  };
  using ItemId = std::uint64_t;      // number × 2, + 1 for a copy
  struct Sleeper {
    Time until;
    ItemId item;
    std::string key;                 // with item 0: the line that is looked up
    bool operator>(const Sleeper& other) const noexcept { return until > other.until; }
  };

  static ItemId id_of(const state::Letter& letter, bool copy) { return letter.number * 2 + (copy ? 1 : 0); }
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<void> look_up(Core& core, const std::string& key);
  [[nodiscard]] Result<void> load_loose();
  void load(state::Letter letter, bool copy);
  void sleep(ItemId id, Time until, std::string key = {});
  void wake_sleepers(Time now);
  /// Nothing: it may go now; else when its turn is.
  [[nodiscard]] std::optional<Time> pace(Item& item, Time now);
  void end(ItemId id, state::LetterEnd::Kind kind, std::string reason);
  void back_off(ItemId id, std::chrono::nanoseconds wait, Time now);

  DeskOptions options_;
  Circuit& circuit_;
  LetterStore& store_;
  std::function<std::uint64_t(std::string_view)> hash_;
  Judge judge_;
  std::map<ItemId, Item> items_;
  std::deque<ItemId> ready_;
  std::unordered_map<std::uint64_t, ItemId> in_flight_;  // by sequence
  std::unordered_map<std::string, Line> lines_;
  std::deque<std::string> lookups_;
  std::vector<std::string> blocked_;                     // lines whose older events are still under way in the core
  std::vector<state::LetterEnd> ended_;
  std::vector<ItemId> ended_items_;
  std::vector<Sleeper> sleepers_;                        // a heap, soonest first
  std::unordered_map<std::uint64_t, Time> next_turn_;    // by replay
  std::uint64_t loose_after_ = 0;
  std::size_t loose_loaded_ = 0;
  bool loose_left_ = true;
  std::uint64_t delivered_ = 0;
};

}  // namespace user_events::delivery
