// The lanes of a delivery core: one per key that has an event under way, found by the key's hash.
#pragma once

#include <cstdint>
#include <vector>

namespace user_events::delivery {

inline constexpr std::uint32_t kNone = 0xffff'ffff;
inline constexpr std::uint64_t kNotHeld = ~std::uint64_t{0};

/// Which list of lanes that can go on a lane stands in.
enum class Ready : std::uint8_t { no, send, store };

/// The events of one key that are not done, oldest first: a list through the slots of the window.
struct Lane {
  std::uint64_t key = 0;
  std::uint64_t hold_after = kNotHeld;  ///< Events above this sequence wait behind a dead letter.
  std::uint32_t head = kNone, tail = kNone;
  std::uint32_t cursor = kNone;         ///< The oldest event that is neither in flight nor being stored.
  std::uint32_t in_flight = 0;
  std::uint32_t storing = 0;
  std::uint32_t ready_prev = kNone, ready_next = kNone;
  Ready ready = Ready::no;
  bool probing = false;                 ///< An attempt failed: one event at a time, until one is accepted.
  bool parked = false;                  ///< Its events go to the store, and on from there.
};

/// Lanes by key: a pool with stable numbers and an open-addressing table over it. Grows to the most lanes that were
/// ever alive at once (never more than the window has events) and then allocates no more. Not thread-safe.
class Lanes {
 public:
  Lanes();
  [[nodiscard]] Lane& operator[](std::uint32_t lane) noexcept { return pool_[lane]; }
  [[nodiscard]] const Lane& operator[](std::uint32_t lane) const noexcept { return pool_[lane]; }
  /// kNone if there is none.
  [[nodiscard]] std::uint32_t find(std::uint64_t key) const noexcept;
  /// The lane of `key`, new (as default-constructed) if there was none.
  [[nodiscard]] std::uint32_t find_or_add(std::uint64_t key);
  void erase(std::uint32_t lane) noexcept;

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t lane = kNone;
  };
  [[nodiscard]] std::uint64_t home(std::uint64_t key) const noexcept;
  [[nodiscard]] std::uint64_t locate(std::uint64_t key) const noexcept;
  [[nodiscard]] std::uint32_t take_lane(std::uint64_t key);
  void grow();

  std::vector<Lane> pool_;
  std::vector<std::uint32_t> free_;
  std::vector<Entry> table_;  // a power of two, at most half full
  std::uint64_t used_ = 0;
};

/// A first-in, first-out list of lanes, linked through the lanes themselves.
class ReadyList {
 public:
  explicit ReadyList(Ready which) : which_(which) {}
  [[nodiscard]] bool empty() const noexcept { return first_ == kNone; }
  [[nodiscard]] std::uint32_t front() const noexcept { return first_; }
  void push_back(Lanes& lanes, std::uint32_t lane) noexcept;
  void push_front(Lanes& lanes, std::uint32_t lane) noexcept;
  void remove(Lanes& lanes, std::uint32_t lane) noexcept;

 private:
  Ready which_;
  std::uint32_t first_ = kNone, last_ = kNone;
};

}  // namespace user_events::delivery
