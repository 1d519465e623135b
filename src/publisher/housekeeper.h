// The one background thread of a publisher: what the journal may remove, lag caps, and telling waiters when destinations have an event.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "journal/journal.h"
#include "publisher/lag_cap.h"
#include "user_events/error.h"
#include "user_events/publisher.h"

namespace user_events {
struct RunningDestination;
}

namespace user_events::publisher {

/// Waiters for delivery at the same time; more are answered at once with the state as it is.
inline constexpr std::size_t kMaxWaiters = 10'000;

/// Thread-safe. Must end before the destinations and the journal that it looks at.
class Housekeeper {
 public:
  /// `retains` false: nothing may be removed from the journal (it is open for reading only). It is held until `hold` says otherwise.
  Housekeeper(journal::Journal& journal, const std::vector<RunningDestination>& destinations, bool retains);
  ~Housekeeper();

  using DeliveredCallback = std::move_only_function<void(std::vector<DeliveryProgress>)>;
  /// `callback` once, on the housekeeper's thread: when every destination is done with `sequence`, or after `timeout`.
  void on_delivered(std::uint64_t sequence, std::chrono::milliseconds timeout, DeliveredCallback callback);
  /// How every destination stands with `sequence` now.
  [[nodiscard]] std::vector<DeliveryProgress> progress(std::uint64_t sequence) const;
  /// Waits until every destination is done with everything up to `sequence`, or the time-out. Names those that are not.
  [[nodiscard]] std::vector<std::string> wait_all_up_to(std::uint64_t sequence, std::chrono::milliseconds timeout);
  /// A destination moved on: looks at the waiters soon. Cheap when nobody waits.
  void notice() noexcept;
  /// From its return on nothing is removed from the journal, or again what nobody needs.
  void hold(bool held);
  /// Empty, or why publishing is refused: a destination is over its lag cap.
  [[nodiscard]] std::string lag_problem() const;
  /// How destination `index` stood with its lag caps about a second ago.
  [[nodiscard]] LagState lag_state(std::size_t index) const noexcept;
  /// Answers all waiters and ends the thread. Idempotent.
  void stop();

 private:
  struct Waiter {
    std::uint64_t sequence;
    bool all_before;  ///< Also wait for everything before `sequence`.
    std::chrono::steady_clock::time_point deadline;
    DeliveredCallback callback;
  };
  void add(std::uint64_t sequence, bool all_before, std::chrono::milliseconds timeout, DeliveredCallback callback);
  [[nodiscard]] bool is_done(const Waiter& waiter) const;
  void run();
  void look_after_journal();
  LagState follow_lag(std::size_t index, const delivery::RunnerStats& stats);
  void answer_waiters(std::unique_lock<std::mutex>& lock, bool all);

  journal::Journal& journal_;
  const std::vector<RunningDestination>& destinations_;
  const bool retains_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Waiter> waiters_;
  std::atomic<bool> anybody_waits_{false};
  std::atomic<bool> over_lag_cap_{false};
  std::string lag_problem_;
  std::vector<std::atomic<LagState>> lag_states_;  // one per destination
  std::mutex held_mutex_;
  bool held_ = true;
  bool noticed_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace user_events::publisher
