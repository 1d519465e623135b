// Sleep that another thread can end: for destinations without an event loop of their own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace user_events::destinations {

/// Thread-safe. A wake that comes before the sleep ends the next sleep at once.
class Waker {
 public:
  void wake() noexcept {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }
  void sleep(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return woken_; });
    woken_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace user_events::destinations
