// Randomness from a seed, so that a run can be repeated.
#pragma once

#include <cstring>
#include <mutex>

#include "ports/random.h"

namespace user_events::test {

/// Thread-safe; splitmix64 (Steele, Lea, Flood 2014).
class SeededRandom final : public ports::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) noexcept override {
    const std::scoped_lock lock(mutex_);
    while (!out.empty()) {
      const std::uint64_t value = next();
      const std::size_t size = out.size() < sizeof value ? out.size() : sizeof value;
      std::memcpy(out.data(), &value, size);
      out = out.subspan(size);
    }
  }
  /// Uniform in [0, bound).
  std::uint64_t below(std::uint64_t bound) noexcept {
    const std::scoped_lock lock(mutex_);
    return next() % bound;
  }

 private:
  std::uint64_t next() noexcept {
    std::uint64_t value = state_ += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
  }

  std::mutex mutex_;
  std::uint64_t state_;
};

}  // namespace user_events::test
