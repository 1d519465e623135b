// Randomness as a port. Cryptographic quality in production, a seed in the simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace user_events::ports {

/// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) noexcept = 0;
  [[nodiscard]] std::uint64_t next_u64() noexcept {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

/// getrandom(2), buffered per thread (4 KiB), so that one call costs a few nanoseconds on average. Aborts
/// when the kernel refuses: there is nothing sound to do without randomness. A forked child must not reuse
/// its buffer.
[[nodiscard]] Random& system_random() noexcept;

}  // namespace user_events::ports
