// The clients that are configured now, for all connections of a server; replaced as a whole.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "access/policy.h"

namespace user_events::server {

/// Thread-safe. What is asked for each request costs one atomic load.
class AccessState {
 public:
  /// nullptr: no clients; nobody is asked who he is.
  void replace(std::shared_ptr<const access::Policy> policy) {
    const std::lock_guard lock(mutex_);
    policy_ = std::move(policy);
    generation_.store(++count_ * 2 + (policy_ != nullptr ? 1 : 0), std::memory_order_release);
  }
  [[nodiscard]] bool asks() const noexcept { return (generation() & 1) != 0; }
  /// Another after each `replace`.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  [[nodiscard]] std::shared_ptr<const access::Policy> policy() const {
    const std::lock_guard lock(mutex_);
    return policy_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const access::Policy> policy_;
  std::uint64_t count_ = 0;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace user_events::server
