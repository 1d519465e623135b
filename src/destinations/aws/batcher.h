// Messages on their way into requests: up to ten for one target, within the service's size limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "destinations/aws/entry.h"

namespace user_events::destinations::aws {

struct Target;

struct Batch {
  Target* target = nullptr;
  std::vector<Entry> entries;
  std::uint64_t bytes = 0;
  std::chrono::steady_clock::time_point since{};  ///< When its first entry came.
};

/// Full batches first, in the order in which they became full; one that is not full waits for `linger` at most. Not thread-safe.
class Batcher {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Batcher(std::uint64_t max_bytes, std::chrono::milliseconds linger) : max_bytes_(max_bytes), linger_(linger) {}

  void add(Target& target, Entry entry, Time now);
  /// A batch that goes before all others: entries of a refused batch, to be tried one by one.
  void add_alone(Target& target, Entry entry);
  /// The next batch to send now. `flush`: without waiting for more.
  [[nodiscard]] std::optional<Batch> next(Time now, bool flush);
  /// When `next` will give one that it does not give now; nothing if only `add` can change that.
  [[nodiscard]] std::optional<Time> next_due() const;
  /// Takes back everything that waits for `target` (nullptr: for all).
  [[nodiscard]] std::vector<Entry> take_back(const Target* target);
  [[nodiscard]] bool empty() const noexcept { return alone_.empty() && full_.empty() && open_.empty(); }
  /// Bytes of the entries that wait.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  [[nodiscard]] Batch pop(std::deque<Batch>& queue, std::size_t at);

  std::uint64_t max_bytes_;
  std::chrono::milliseconds linger_;
  std::uint64_t bytes_ = 0;
  std::deque<Batch> alone_, full_;
  std::deque<Batch> open_;  ///< Not full, one a target, oldest first.
};

}  // namespace user_events::destinations::aws
