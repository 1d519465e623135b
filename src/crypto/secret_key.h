// Keys in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace user_events::crypto {

inline constexpr std::size_t kKeyBytes = 32;

/// Sets aside `bytes` (a power of two, at least 128 KiB) of memory for keys that is locked (mlock), left out of core dumps and guarded by pages without
/// access. Once a process, before the first key; later calls do nothing. False if the memory could not be locked (RLIMIT_MEMLOCK):
/// keys are wiped all the same, but can reach swap.
bool reserve_key_memory(std::size_t bytes) noexcept;

/// 256 secret bytes, wiped when they go. Cannot be printed, compared or copied by accident.
class SecretKey {
 public:
  SecretKey();  ///< All zero.
  explicit SecretKey(std::span<const unsigned char, kKeyBytes> bytes);
  ~SecretKey() = default;
  SecretKey(SecretKey&&) noexcept = default;
  SecretKey& operator=(SecretKey&&) noexcept = default;
  [[nodiscard]] SecretKey copy() const { return SecretKey(bytes()); }
  /// From the system's generator.
  [[nodiscard]] static SecretKey random();

  [[nodiscard]] std::span<const unsigned char, kKeyBytes> bytes() const noexcept { return std::span<const unsigned char, kKeyBytes>(memory_.get(), kKeyBytes); }
  [[nodiscard]] std::span<unsigned char, kKeyBytes> writable() noexcept { return std::span<unsigned char, kKeyBytes>(memory_.get(), kKeyBytes); }

 private:
  struct Wipe {
    void operator()(unsigned char* memory) const noexcept;
  };
  std::unique_ptr<unsigned char[], Wipe> memory_;
};

/// Overwrites memory in a way that the compiler keeps.
void wipe(std::span<unsigned char> bytes) noexcept;
/// Fills from the system's generator; ends the process if there is none.
void fill_random(std::span<unsigned char> out);

}  // namespace user_events::crypto
