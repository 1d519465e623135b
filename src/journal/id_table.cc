#include "journal/id_table.h"

#include <utility>

#include "journal/bytes.h"

namespace user_events::journal {

IdHasher::IdHasher(std::span<const std::byte, 32> secret) noexcept
    : id_key_{load<std::uint64_t>(secret.data()), load<std::uint64_t>(secret.data() + 8)},
      scope_key_{load<std::uint64_t>(secret.data() + 16), load<std::uint64_t>(secret.data() + 24)} {}

IdHashes IdHasher::operator()(std::string_view scope, std::string_view id) const noexcept {
  // The scope's hash becomes part of the key, so that ("a", "bc") and ("ab", "c") differ.
  const IdHashKey key{scope_key_.k0 ^ siphash(scope_key_, scope), scope_key_.k1};
  return {siphash(id_key_, id), siphash(key, id)};
}

std::uint64_t IdHasher::check() const noexcept { return (*this)("scope", "index key check").scoped_hash; }

const IdEntry* IdTable::find(IdHashes hashes) const noexcept {
  if (slots_.empty()) return nullptr;
  for (std::size_t at = home(hashes.id_hash);; at = (at + 1) & (slots_.size() - 1)) {
    const IdEntry& slot = slots_[at];
    if (slot.sequence == 0) return nullptr;
    if (slot.id_hash == hashes.id_hash && slot.scoped_hash == hashes.scoped_hash) return &slot;
  }
}

void IdTable::find_all(std::uint64_t id_hash, IdEntries& out) const {
  if (slots_.empty()) return;
  for (std::size_t at = home(id_hash); slots_[at].sequence != 0; at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].id_hash == id_hash) out.push_back(slots_[at]);
}

void IdTable::insert(const IdEntry& entry) {
  if ((size_ + 1) * 10 > slots_.size() * 7) resize(slots_.empty() ? 16 : slots_.size() * 2);
  place(entry);
  ++size_;
}

void IdTable::place(const IdEntry& entry) noexcept {
  std::size_t at = home(entry.id_hash);
  while (slots_[at].sequence != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = entry;
}

void IdTable::erase(IdHashes hashes) noexcept {
  const IdEntry* found = find(hashes);
  if (found == nullptr) return;
  const std::size_t mask = slots_.size() - 1;
  auto hole = static_cast<std::size_t>(found - slots_.data());
  // Entries behind the hole move up unless that would put them before their home slot.
  for (std::size_t at = (hole + 1) & mask; slots_[at].sequence != 0; at = (at + 1) & mask) {
    const std::size_t distance = (at - home(slots_[at].id_hash)) & mask;
    if (distance < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = IdEntry{};
  --size_;
}

void IdTable::erase_after(std::uint64_t sequence) {
  IdEntries kept;
  collect(0, sequence, kept);
  if (kept.size() == size_) return;
  std::fill(slots_.begin(), slots_.end(), IdEntry{});
  size_ = kept.size();
  for (const IdEntry& entry : kept) place(entry);
}

void IdTable::collect(std::uint64_t first, std::uint64_t last, IdEntries& out) const {
  for (const IdEntry& slot : slots_)
    if (slot.sequence != 0 && slot.sequence >= first && slot.sequence <= last) out.push_back(slot);
}

void IdTable::resize(std::size_t slots) {
  const IdEntries old = std::exchange(slots_, IdEntries(slots));
  for (const IdEntry& slot : old)
    if (slot.sequence != 0) place(slot);
}

}  // namespace user_events::journal
