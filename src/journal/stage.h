// From `append` to the commit thread: judges ids, copies records into the open frame, keeps order and bounds.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "journal/frame.h"
#include "journal/id_sources.h"
#include "ports/clock.h"

namespace user_events::journal {

/// Where the stage begins after recovery.
struct StageStart {
  std::uint64_t next_sequence = 1;
  std::int64_t accepted_floor_ms = 0;
  FramePosition position;
  IdTable ids;  ///< Of the active segment.
  std::shared_ptr<const IdSources> sources;
};

/// Whether the caller of an append waits for it: then no hold keeps it from being committed.
enum class Patience : bool { some, none };

/// Thread-safe. `append` from any thread, `run_builder` on the build thread, the rest on the commit thread
/// unless said otherwise.
class Stage {
 public:
  Stage(const Options& options, const ports::Clock& clock, ports::Random& random, const IdHasher& hasher,
        StageStart start);

  /// On the commit thread `wait` is `refuse`: it would wait for itself.
  void append(std::span<const RecordDraft> drafts, Backpressure backpressure, Patience patience,
              Completion completion);
  /// Any thread. Between the two no commit begins unless somebody waits for it, there is much to write or the
  /// stage closes.
  void hold();
  void release();
  /// From now on the calling thread is the commit thread.
  void enter_commit_thread() noexcept { commit_thread_ = std::this_thread::get_id(); }
  [[nodiscard]] bool on_commit_thread() const noexcept {
    return commit_thread_.load() == std::this_thread::get_id();
  }
  /// Builds large frames ahead while the commit thread syncs. Returns after `close`.
  void run_builder();

  /// The next frame, built; waits for one. nullptr: either the journal refuses and it is time to probe, or it
  /// is closed and everything is done (`finished()`).
  [[nodiscard]] std::unique_ptr<Frame> next();
  [[nodiscard]] bool finished() const;
  /// The frame is out of memory's account; makes room for waiting callers.
  void done(std::unique_ptr<Frame> frame);
  /// Takes back everything that is staged, in order, and continues after `durable` at `position`. With a
  /// `refusal`, later appends are refused with it until `accept`.
  [[nodiscard]] std::vector<std::unique_ptr<Frame>> take_back(std::uint64_t durable,
                                                              const FramePosition& position,
                                                              std::optional<Error> refusal);
  void accept();
  /// The active segment ends at `last`: its ids become a source of their own.
  void seal_ids(std::uint64_t ordinal, std::uint64_t base, std::uint64_t last);

  /// Any thread: changes the picture of sealed ids.
  void set_index(std::uint64_t ordinal, const std::shared_ptr<const IdIndex>& index);
  void remove_source(std::uint64_t ordinal);
  [[nodiscard]] std::shared_ptr<const IdSources> sources() const;
  /// Any thread: all entries with this id, durable or not.
  [[nodiscard]] Result<IdEntries> find_id(std::uint64_t id_hash) const;
  [[nodiscard]] std::shared_ptr<BufferPool> pool() const noexcept { return pool_; }

  /// Any thread. Appends are refused from now on; waiting ones return.
  void close();
  /// Any thread: fills accepting, problem and the counters of appends.
  void report(Stats& stats) const;
  void count_accepted(std::uint64_t records) noexcept;

 private:
  /// One id of a caller in a batch: its hashes, and what became of it.
  struct IdLookup {
    std::uint32_t index = 0;
    bool known = false, duplicate = false;
    IdHashes hashes;
    RequestMac known_mac{};
    std::uint64_t sequence = 0;  ///< The first receipt's when known, else the new record's.
  };
  using IdLookups = std::vector<IdLookup>;

  [[nodiscard]] std::optional<Error> check_sizes(std::span<const RecordDraft> drafts,
                                                 std::uint64_t& bytes) const;
  [[nodiscard]] std::optional<Error> wait_for_room(std::unique_lock<std::mutex>& lock, std::uint64_t bytes,
                                                   Backpressure backpressure);
  [[nodiscard]] Frame& frame_for(std::uint64_t bytes);
  [[nodiscard]] static Result<void> look_up_sealed(const IdSources& sources, IdLookups& lookups);
  /// Fails with a conflict and leaves no trace, or marks duplicates and remembers the new ids.
  [[nodiscard]] std::optional<Error> resolve(std::span<const RecordDraft> drafts, IdLookups& lookups);
  void stage(std::span<const RecordDraft> drafts, const IdLookups& lookups, std::uint64_t bytes,
             Completion completion);
  void account(Frame& frame, std::uint64_t bytes) noexcept;
  void write_records(Frame& frame, std::span<const RecordDraft> drafts, const IdLookups& lookups,
                     std::uint64_t bytes);
  [[nodiscard]] std::unique_ptr<Frame> pop();
  [[nodiscard]] bool has_staged() const noexcept { return !frames_.empty(); }
  [[nodiscard]] bool build_ahead() const noexcept;
  [[nodiscard]] bool may_begin() const noexcept;
  void wake();

  const Options& options_;
  const ports::Clock& clock_;
  const IdHasher& hasher_;
  std::shared_ptr<BufferPool> pool_ = std::make_shared<BufferPool>();

  std::atomic<std::thread::id> commit_thread_{};

  mutable std::mutex mutex_;
  std::condition_variable work_, build_, room_;
  std::deque<std::unique_ptr<Frame>> frames_;  // not built; the last is open
  std::unique_ptr<Frame> ahead_;               // built, waits for the commit thread
  FrameBuilder builder_;  // of whoever builds: the build thread while building_, else the commit thread
  bool building_ = false, committing_ = false, closed_ = false;
  std::size_t holds_ = 0;
  bool pressing_ = false;  // somebody waits for a commit, whoever holds it back
  std::optional<Error> refusal_;
  std::uint64_t staged_bytes_ = 0, largest_frame_bytes_ = 0;
  std::uint64_t next_sequence_;
  std::int64_t accepted_ms_;
  IdTable ids_;
  std::shared_ptr<const IdSources> sources_;
  std::uint64_t accepted_ = 0, duplicates_ = 0, conflicts_ = 0, refused_full_ = 0;
};

}  // namespace user_events::journal
