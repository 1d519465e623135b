// The third thread: what is not on the way of a commit. Footers and id indexes of complete segments,
// retention, scrubbing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "journal/recovery.h"
#include "journal/stage.h"
#include "journal/view.h"

namespace user_events::journal {

class Upkeep {
 public:
  Upkeep(const Options& options, const Storage& storage, const ports::Clock& clock, const IdHasher& hasher,
         std::shared_ptr<FilterBudget> budget, Stage& stage, View& view);

  /// Until `close`, after what was queued is done.
  void run();
  void close();

  /// Any thread: the segment will not change again.
  void segment_ended(std::uint64_t ordinal);
  void set_needed_after(std::uint64_t sequence);
  void keep_everything();
  [[nodiscard]] Result<std::size_t> apply_retention();
  /// Checks every frame that is durable now. Any thread.
  [[nodiscard]] Result<void> verify() const;
  /// Damage that the scrubber found; empty when none.
  [[nodiscard]] std::string problem() const;

 private:
  void seal_ended();
  [[nodiscard]] bool seal(std::uint64_t ordinal);
  [[nodiscard]] Result<void> write_index(const Segment& segment);
  void mend_indexes();
  void scrub_next();
  void scrub_one(const Segment& segment);
  [[nodiscard]] bool may_remove(const Segment& segment, std::uint64_t total_bytes, std::int64_t now_ms) const;
  [[nodiscard]] Result<void> remove_files();

  const Options& options_;
  const Storage& storage_;
  const ports::Clock& clock_;
  const IdHasher& hasher_;
  std::shared_ptr<FilterBudget> budget_;
  Stage& stage_;
  View& view_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool closed_ = false;
  std::deque<std::uint64_t> ended_;
  std::uint64_t scrubbed_ordinal_ = 0;
  std::set<std::uint64_t> unread_;  // below scrubbed_ordinal_, could not be read; upkeep thread only
  std::uint64_t retried_ordinal_ = 0;
  std::string problem_;

  std::mutex files_mutex_;              // one sealer or remover at a time
  std::deque<std::uint64_t> removing_;  // out of sight, files not yet removed; oldest first
  std::atomic<std::uint64_t> needed_after_{0};
};

/// Whether missing indexes are written again, or their ids kept in memory.
enum class MissingIndex : std::uint8_t { write, keep_in_memory };

/// The indexes of all segments but the last; made again where missing. Errors: damaged, io.
[[nodiscard]] Result<std::shared_ptr<const IdSources>> open_sources(
    const Storage& storage, std::vector<Segment>& segments, const IdHasher& hasher,
    const std::shared_ptr<FilterBudget>& budget, MissingIndex missing);

}  // namespace user_events::journal
