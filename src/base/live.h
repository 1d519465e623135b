// A value that is replaced now and then while many threads read it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace user_events::base {

/// Readers take the value that counts with one load, never wait, and may keep the reference: every value that ever counted lives as long as
/// this does. So it is for what is seldom replaced, and whose versions share what is large in them.
template <class Value>
class Live {
 public:
  explicit Live(Value first) { replace(std::move(first)); }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  /// Any thread, wait-free.
  [[nodiscard]] const Value& now() const noexcept { return *now_.load(std::memory_order_acquire); }

  /// Any thread. Readers see the new value from their next look on.
  void replace(Value next) {
    auto made = std::make_unique<const Value>(std::move(next));
    const std::scoped_lock lock(mutex_);
    now_.store(made.get(), std::memory_order_release);
    values_.push_back(std::move(made));
  }

 private:
  std::atomic<const Value*> now_{nullptr};
  std::mutex mutex_;
  std::vector<std::unique_ptr<const Value>> values_;
};

}  // namespace user_events::base
