// One hold of the journal's group commits for all who have something at hand.
#pragma once

#include <atomic>

namespace user_events::server {

/// `Holder` has begin_burst() and end_burst(), whose pairs may overlap (UserEventPublisher). Any thread.
template <class Holder>
class Burst {
 public:
  explicit Burst(Holder& holder) : holder_(holder) {}

  /// Holds, if nobody does yet. The hold comes before the flag: else a release between them overtakes its hold.
  void begin() {
    if (is_open_.load()) return;
    holder_.begin_burst();
    if (is_open_.exchange(true)) holder_.end_burst();
  }
  /// Releases, if somebody holds.
  void end() {
    if (is_open_.exchange(false)) holder_.end_burst();
  }

 private:
  Holder& holder_;
  std::atomic<bool> is_open_{false};
};

}  // namespace user_events::server
