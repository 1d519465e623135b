#include "privacy/key_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <new>

namespace user_events::privacy {
namespace {

bool is_empty(const KeyCache::Slot& slot) noexcept { return slot.id == KeyId{}; }

}  // namespace

KeyCache::KeyCache(std::size_t users) {
  static_assert(sizeof(Slot) == 64);
  const std::size_t sets = std::bit_ceil(std::max<std::size_t>(1, (users + kWays - 1) / kWays));
  bytes_ = sets * kWays * sizeof(Slot);
  mask_ = sets - 1;
  void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  locked_ = ::mlock2(memory, bytes_, MLOCK_ONFAULT) == 0;
  (void)::madvise(memory, bytes_, MADV_DONTDUMP);
  slots_ = static_cast<Slot*>(memory);
}

KeyCache::~KeyCache() {
  // Only pages that were used: the rest would come into being to be wiped.
  for (Slot* slot = slots_; slot != slots_ + bytes_ / sizeof(Slot); ++slot)
    if (!is_empty(*slot)) crypto::wipe({reinterpret_cast<unsigned char*>(slot), sizeof *slot});
  ::munmap(slots_, bytes_);
}

const KeyCache::Slot* KeyCache::find(const Subject& subject) const noexcept {
  const Slot* const set = set_of(subject);
  for (const Slot* slot = set; slot != set + kWays; ++slot)
    if (slot->subject == subject && !is_empty(*slot)) return slot;
  return nullptr;
}

const KeyCache::Slot* KeyCache::put(const Subject& subject, const KeyId& id, std::span<const unsigned char, crypto::kKeyBytes> key) noexcept {
  Slot* const set = set_of(subject);
  Slot* into = set + next_++ % kWays;
  for (Slot* slot = set; slot != set + kWays; ++slot)
    if (is_empty(*slot)) into = slot;
  for (Slot* slot = set; slot != set + kWays; ++slot)
    if (slot->subject == subject && !is_empty(*slot)) into = slot;
  into->subject = subject;
  into->id = id;
  std::ranges::copy(key, into->key);
  return into;
}

void KeyCache::erase(const Subject& subject) noexcept {
  if (const Slot* const slot = find(subject)) crypto::wipe({reinterpret_cast<unsigned char*>(const_cast<Slot*>(slot)), sizeof *slot});
}

}  // namespace user_events::privacy
