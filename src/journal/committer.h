// The commit thread: writes and syncs frames, makes them visible, completes their batches; and what happens
// when the disk fails or is full.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "journal/identity.h"
#include "journal/stage.h"
#include "journal/view.h"

namespace user_events::journal {

/// Called on the commit thread when a segment is complete or was given up and will not change again.
using SegmentEnded = std::move_only_function<void(std::uint64_t ordinal)>;

/// The file that frames go to.
struct ActiveFile {
  std::unique_ptr<ports::File> file;
  std::uint64_t allocated_bytes = 0;  ///< Disk space reserved up to here.
  std::uint64_t zeroed_bytes =
      0;  ///< Blocks up to here hold zeros or frames: overwriting them is a cheaper sync.
};

class Committer {
 public:
  Committer(const Options& options, const Storage& storage, const ports::Clock& clock, ports::Random& random,
            const Identity& identity, Stage& stage, View& view, ActiveFile active, std::uint64_t last_ordinal,
            SegmentEnded segment_ended);

  /// Until the stage is closed and empty.
  void run();
  /// Any thread.
  void report(Stats& stats) const;

 private:
  void commit(std::unique_ptr<Frame> frame);
  /// Whether anything of the frame may have reached the file.
  enum class Touched : bool { no, yes };
  [[nodiscard]] Result<void> write(Frame& frame, Touched& touched);
  [[nodiscard]] Result<void> check_room(std::uint64_t bytes) const;
  [[nodiscard]] Result<void> reserve(std::uint64_t end);
  [[nodiscard]] Result<void> zero_ahead(std::uint64_t end);
  [[nodiscard]] Result<void> open_segment(std::uint64_t salt, PreviousEnd previous_end);
  void publish(Frame& frame);
  void complete(Frame& frame, const Result<void>& outcome);
  void fail_all(std::unique_ptr<Frame> frame, Error error, Touched touched);
  void probe();
  void mend();
  [[nodiscard]] bool remove_leftovers();
  [[nodiscard]] bool has_room_again();
  [[nodiscard]] FramePosition position() const;

  const Options& options_;
  const Storage& storage_;
  const ports::Clock& clock_;
  ports::Random& random_;
  const Identity& identity_;
  Stage& stage_;
  View& view_;
  ActiveFile active_;
  std::uint64_t last_ordinal_;
  SegmentEnded segment_ended_;
  /// active_ is dead, a new segment must be opened first: a write or sync failed, or a successor was tried,
  /// whose header says that this one has ended and which a power cut may bring back.
  bool broken_ = false;
  std::optional<Error> refusal_;          ///< While nothing is taken: why.
  std::uint64_t refused_bytes_ = 0;       ///< The frame there was no room for.
  std::uint64_t probes_ = 0;              ///< Since then.
  std::vector<std::uint64_t> leftovers_;  ///< Segments that were tried in vain and could not be removed.
  std::uint64_t skip_probes_ = 0, pause_probes_ = 0;  ///< Until the next try, while there are leftovers.
  std::vector<Receipt> receipts_;
  std::atomic<std::uint64_t> frames_{0}, bytes_{0}, syncs_{0};
};

}  // namespace user_events::journal
