// What readers see: the durable segments and the frames still in memory. Everything here is durable, nothing
// else is.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "journal/frame.h"
#include "journal/segment.h"

namespace user_events::journal {

/// A durable frame kept in memory. Its records are parsed when the first reader asks.
class RecentFrame {
 public:
  RecentFrame(const FrameHeader& header, std::shared_ptr<const std::string> bytes)
      : header_(header), bytes_(std::move(bytes)) {}
  [[nodiscard]] const FrameHeader& header() const noexcept { return header_; }
  [[nodiscard]] Chunk chunk() const;
  /// With the parsed records, whether they are parsed yet or not.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return bytes_->capacity() + header_.record_count * sizeof(RecordView) + sizeof *this;
  }

 private:
  FrameHeader header_;
  std::shared_ptr<const std::string> bytes_;
  mutable std::once_flag parsed_;
  mutable Chunk chunk_;
};

/// Thread-safe. One thread (commit) adds, one (upkeep) seals and removes, any number read.
class View {
 public:
  View(std::uint64_t recent_bytes, std::vector<Segment> segments);

  /// Everything up to here may be read and was, or is about to be, acknowledged.
  [[nodiscard]] std::uint64_t durable() const noexcept { return durable_.load(std::memory_order_acquire); }

  // ---- commit thread ----
  void add_segment(Segment segment);
  void add_frame(const FrameHeader& header, const Hash& hash, std::shared_ptr<const std::string> bytes);
  /// The active segment without its sparse entries.
  [[nodiscard]] Segment active() const;
  void call_listeners();
  void close();

  // ---- upkeep ----
  void set_sealed(std::uint64_t ordinal, std::uint64_t file_bytes);
  void set_index_bytes(std::uint64_t ordinal, std::uint64_t index_bytes);
  /// Removes the oldest segment from sight, unless it is the active one.
  bool remove_oldest(std::uint64_t ordinal);

  // ---- readers ----
  [[nodiscard]] std::vector<Segment> segments() const;  ///< Oldest first, without sparse entries.
  [[nodiscard]] std::optional<Segment> segment(std::uint64_t ordinal) const;  ///< With sparse entries.
  /// The segment that holds `sequence`, without sparse entries; nullopt when there is none.
  [[nodiscard]] std::optional<Segment> segment_of(std::uint64_t sequence) const;
  [[nodiscard]] std::uint64_t first_sequence() const;
  [[nodiscard]] std::shared_ptr<const RecentFrame> recent(std::uint64_t sequence) const;
  [[nodiscard]] std::uint64_t disk_bytes() const;
  std::uint64_t wait_durable(std::uint64_t after, std::chrono::milliseconds timeout) const;
  std::uint64_t add_listener(std::function<void(std::uint64_t)> listener);
  void remove_listener(std::uint64_t token);

 private:
  struct Listener {
    std::uint64_t token;
    std::function<void(std::uint64_t)> call;
  };

  [[nodiscard]] Segment* find(std::uint64_t ordinal);

  const std::uint64_t recent_limit_bytes_;
  mutable std::shared_mutex mutex_;
  std::deque<Segment> segments_;
  std::deque<std::shared_ptr<const RecentFrame>> recent_;
  std::uint64_t recent_bytes_ = 0;
  std::atomic<std::uint64_t> durable_{0};

  mutable std::mutex wait_mutex_;
  mutable std::condition_variable advanced_;
  bool closed_ = false;

  // Recursive: a listener may remove itself.
  std::recursive_mutex listener_mutex_;
  std::vector<Listener> listeners_;
  std::uint64_t next_token_ = 1;
};

}  // namespace user_events::journal
