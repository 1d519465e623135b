// What was published and not yet confirmed: which event a confirm is about.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace user_events::destinations::rabbitmq {

/// One published event.
struct Published {
  std::uint64_t sequence = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t key_hash = 0;  ///< Of its routing key.
  bool is_for_queue = false;
  bool returned = false;   ///< It came back: its confirm will say no more than that.
  bool confirmed = false;
};

/// Events by delivery tag, the channel's count of publishes from 1. Not thread-safe. A confirm costs as much as it confirms.
class Outstanding {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

  void add(const Published& event) {
    events_.push_back(event);
    ++count_;
  }
  /// The one that was added last was not published after all.
  void drop_last() {
    events_.pop_back();
    --count_;
  }
  /// The event came back; its confirm is still to come. nullptr if it is not here.
  const Published* mark_returned(std::uint64_t sequence);
  /// Calls `sink(const Published&)` for each event that `tag` (`multiple`: and all before it) confirms.
  template <class Sink>
  void confirm(std::uint64_t tag, bool multiple, Sink&& sink) {
    if (tag < first_tag_ || tag >= first_tag_ + events_.size()) return;
    for (std::uint64_t one = multiple ? first_tag_ : tag; one <= tag; ++one) {
      Published& event = events_[one - first_tag_];
      if (std::exchange(event.confirmed, true)) continue;
      --count_;
      sink(std::as_const(event));
    }
    drop_confirmed();
  }
  /// Calls `sink` for all that are left, and begins anew with tag 1.
  template <class Sink>
  void drain(Sink&& sink) {
    for (const Published& event : events_)
      if (!event.confirmed) sink(event);
    events_.clear();
    first_tag_ = 1;
    count_ = 0;
  }

 private:
  void drop_confirmed();

  std::deque<Published> events_;  ///< From first_tag_ on; the first is not confirmed.
  std::uint64_t first_tag_ = 1;
  std::size_t count_ = 0;  ///< Not confirmed.
};

}  // namespace user_events::destinations::rabbitmq
