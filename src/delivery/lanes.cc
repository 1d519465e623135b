#include "delivery/lanes.h"

#include <cstddef>

namespace user_events::delivery {
namespace {

constexpr std::size_t kInitialTable = 1'024;

}  // namespace

Lanes::Lanes() : table_(kInitialTable) {}

std::uint64_t Lanes::home(std::uint64_t key) const noexcept {
  // Fibonacci hashing: callers hand in hashes, but a poor one must not make the table slow.
  return ((key * 0x9e37'79b9'7f4a'7c15u) >> 32) & (table_.size() - 1);
}

/// The entry of `key`, or the free one where it would go.
std::uint64_t Lanes::locate(std::uint64_t key) const noexcept {
  std::uint64_t at = home(key);
  while (table_[at].lane != kNone && table_[at].key != key) at = (at + 1) & (table_.size() - 1);
  return at;
}

std::uint32_t Lanes::find(std::uint64_t key) const noexcept { return table_[locate(key)].lane; }

std::uint32_t Lanes::take_lane(std::uint64_t key) {
  std::uint32_t lane = static_cast<std::uint32_t>(pool_.size());
  if (free_.empty()) {
    pool_.emplace_back();
    free_.reserve(pool_.capacity());  // so that erase never allocates
  } else {
    lane = free_.back();
    free_.pop_back();
    pool_[lane] = Lane{};
  }
  pool_[lane].key = key;
  return lane;
}

std::uint32_t Lanes::find_or_add(std::uint64_t key) {
  std::uint64_t at = locate(key);
  if (table_[at].lane != kNone) return table_[at].lane;
  if ((used_ + 1) * 2 > table_.size()) {
    grow();
    at = locate(key);
  }
  const std::uint32_t lane = take_lane(key);
  table_[at] = {key, lane};
  ++used_;
  return lane;
}

void Lanes::erase(std::uint32_t lane) noexcept {
  const std::uint64_t mask = table_.size() - 1;
  std::uint64_t hole = locate(pool_[lane].key);
  free_.push_back(lane);
  --used_;
  // Backward-shift deletion: no tombstones, so a long run of short-lived lanes does not slow the table.
  for (std::uint64_t at = (hole + 1) & mask; table_[at].lane != kNone; at = (at + 1) & mask) {
    const std::uint64_t distance_from_home = (at - home(table_[at].key)) & mask;
    if (distance_from_home < ((at - hole) & mask)) continue;
    table_[hole] = table_[at];
    hole = at;
  }
  table_[hole] = Entry{};
}

void Lanes::grow() {
  std::vector<Entry> old(table_.size() * 2);
  old.swap(table_);
  for (const Entry& entry : old)
    if (entry.lane != kNone) table_[locate(entry.key)] = entry;
}

void ReadyList::push_back(Lanes& lanes, std::uint32_t lane) noexcept {
  Lane& one = lanes[lane];
  one.ready = which_;
  one.ready_prev = last_;
  one.ready_next = kNone;
  (last_ == kNone ? first_ : lanes[last_].ready_next) = lane;
  last_ = lane;
}

void ReadyList::push_front(Lanes& lanes, std::uint32_t lane) noexcept {
  Lane& one = lanes[lane];
  one.ready = which_;
  one.ready_prev = kNone;
  one.ready_next = first_;
  (first_ == kNone ? last_ : lanes[first_].ready_prev) = lane;
  first_ = lane;
}

void ReadyList::remove(Lanes& lanes, std::uint32_t lane) noexcept {
  Lane& one = lanes[lane];
  (one.ready_prev == kNone ? first_ : lanes[one.ready_prev].ready_next) = one.ready_next;
  (one.ready_next == kNone ? last_ : lanes[one.ready_next].ready_prev) = one.ready_prev;
  one.ready = Ready::no;
  one.ready_prev = one.ready_next = kNone;
}

}  // namespace user_events::delivery
