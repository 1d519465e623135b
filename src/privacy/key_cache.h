// Users' keys that were used lately, in locked memory of a fixed size: sets of four slots of one cache line each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/secret_key.h"
#include "privacy/key_store.h"
#include "privacy/subject.h"

namespace user_events::privacy {

/// Used by one thread at a time.
class KeyCache {
 public:
  struct Slot {
    Subject subject;
    KeyId id;
    unsigned char key[crypto::kKeyBytes];
  };
  /// Room for about `users` keys (rounded up to a power of two), 64 bytes each. The memory is locked if the system allows it, is left out of core
  /// dumps, and comes into being as it is used. Throws std::bad_alloc.
  explicit KeyCache(std::size_t users);
  ~KeyCache();
  KeyCache(const KeyCache&) = delete;
  KeyCache& operator=(const KeyCache&) = delete;

  /// nullptr if it is not there; valid until the next `put` or `erase`.
  [[nodiscard]] const Slot* find(const Subject& subject) const noexcept;
  /// In place of the subject's own, of nobody's, or of the slot that is next to go in its set.
  const Slot* put(const Subject& subject, const KeyId& id, std::span<const unsigned char, crypto::kKeyBytes> key) noexcept;
  void erase(const Subject& subject) noexcept;  ///< Wipes it.
  [[nodiscard]] bool is_locked() const noexcept { return locked_; }

 private:
  static constexpr std::size_t kWays = 4;
  [[nodiscard]] Slot* set_of(const Subject& subject) const noexcept { return slots_ + (SubjectHash{}(subject) & mask_) * kWays; }
  Slot* slots_ = nullptr;
  std::size_t bytes_ = 0, mask_ = 0;
  std::uint32_t next_ = 0;
  bool locked_ = false;
};

}  // namespace user_events::privacy
