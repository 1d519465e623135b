// The keys of one issuer, as they are now: replaced as a whole when they were read again.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "access/jwk.h"

namespace user_events::access {

/// Where keys come from. One of `file` and `url` is empty.
struct KeySetSource {
  std::string file, url, ca_file;
  std::chrono::milliseconds refresh{600'000};
  friend bool operator==(const KeySetSource&, const KeySetSource&) = default;
};

/// A token with an unknown key makes an early reading; not more often than this, whatever comes.
inline constexpr std::chrono::milliseconds kLeastRefresh{30'000};

/// Thread-safe.
class KeyStore {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  explicit KeyStore(KeySetSource source) : source_(std::move(source)) {}

  [[nodiscard]] const KeySetSource& source() const noexcept { return source_; }
  /// nullptr: not read yet.
  [[nodiscard]] std::shared_ptr<const KeySet> keys() const {
    const std::lock_guard lock(mutex_);
    return keys_;
  }
  void replace(KeySet keys) {
    const std::lock_guard lock(mutex_);
    keys_ = std::make_shared<const KeySet>(std::move(keys));
  }

  /// A token named a key that is not there.
  void want_refresh() noexcept { wanted_.store(true, std::memory_order_relaxed); }
  /// True once each time a reading is due: after `refresh`, or early if one is wanted, at the first call at once. One thread.
  [[nodiscard]] bool take_turn(TimePoint now) noexcept {
    const auto since = now - last_;
    const bool early = since >= kLeastRefresh && (wanted_.load(std::memory_order_relaxed) || keys() == nullptr);
    if (begun_ && since < source_.refresh && !early) return false;
    begun_ = true;
    wanted_.store(false, std::memory_order_relaxed);
    last_ = now;
    return true;
  }

 private:
  const KeySetSource source_;
  mutable std::mutex mutex_;
  std::shared_ptr<const KeySet> keys_;
  std::atomic<bool> wanted_{false};
  bool begun_ = false;
  TimePoint last_{};
};

}  // namespace user_events::access
