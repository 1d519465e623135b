#include "journal/committer.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "journal/bytes.h"
#include "journal/defect.h"

namespace user_events::journal {
namespace {

/// Disk space is reserved in steps that grow with the segment, so that a new journal stays small on disk.
constexpr std::uint64_t kReserveStepMinBytes = 256u << 10;
constexpr std::uint64_t kReserveStepMaxBytes = 8u << 20;
/// Frames below this are written over zeros that were synced before: the sync then changes no metadata of the
/// file.
constexpr std::uint64_t kSmallFrameBytes = 32u << 10;
constexpr std::uint64_t kZeroAheadBytes = 256u << 10;

/// A frame that found no room is what a probe looks for room for; after this many probes in vain, smaller
/// ones get their chance.
constexpr std::uint64_t kProbesForWholeFrame = 50;
/// Each new segment that fails may leave a file; while those cannot be removed, tries become rare.
constexpr std::uint64_t kMaxPauseProbes = 6'000;

constexpr std::array<std::byte, kZeroAheadBytes> kZeros{};

}  // namespace

Committer::Committer(const Options& options, const Storage& storage, const ports::Clock& clock,
                     ports::Random& random, const Identity& identity, Stage& stage, View& view,
                     ActiveFile active, std::uint64_t last_ordinal, SegmentEnded segment_ended)
    : options_(options),
      storage_(storage),
      clock_(clock),
      random_(random),
      identity_(identity),
      stage_(stage),
      view_(view),
      active_(std::move(active)),
      last_ordinal_(last_ordinal),
      segment_ended_(std::move(segment_ended)) {}

void Committer::run() {
  stage_.enter_commit_thread();
  for (;;) {
    if (auto frame = stage_.next())
      commit(std::move(frame));
    else if (stage_.finished())
      return;
    else
      probe();
  }
}

void Committer::report(Stats& stats) const {
  stats.frames = frames_.load();
  stats.bytes_written = bytes_.load();
  stats.syncs = syncs_.load();
}

void Committer::commit(std::unique_ptr<Frame> frame) {
  if (frame->has_records()) {
    UE_DEFECT_ACKNOWLEDGE_EARLY(complete(*frame, {}); frame->batches.clear());
    Touched touched = Touched::no;
    if (auto written = write(*frame, touched); !written)
      return fail_all(std::move(frame), std::move(written).error(), touched);
    publish(*frame);
  }
  complete(*frame, {});
  view_.call_listeners();
  stage_.done(std::move(frame));
}

Result<void> Committer::write(Frame& frame, Touched& touched) {
  const std::uint64_t end = frame.header.offset + frame.bytes.size();
  UE_TRY(check_room(frame.bytes.size()));
  if (frame.starts_segment) UE_TRY(open_segment(frame.header.salt, PreviousEnd::complete));
  UE_TRY(reserve(end));
  touched = Touched::yes;
  UE_TRY(active_.file->write_at(frame.header.offset, as_bytes(frame.bytes)));
  if (frame.bytes.size() < kSmallFrameBytes && end > active_.zeroed_bytes) UE_TRY(zero_ahead(end));
  UE_DEFECT_SKIP_SYNC(return {});
  UE_DEFECT_SYNC_AGAIN(if (!active_.file->sync_data()) static_cast<void>(active_.file->sync_data());
                       return {});
  UE_TRY(active_.file->sync_data());
  frames_.fetch_add(1, std::memory_order_relaxed);
  syncs_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(frame.bytes.size(), std::memory_order_relaxed);
  return {};
}

Result<void> Committer::check_room(std::uint64_t bytes) const {
  if (options_.max_bytes == 0 || view_.disk_bytes() + bytes <= options_.max_bytes) return {};
  return fail(ErrorKind::full, "journal-full",
              "the journal is full: it holds max_bytes = " + std::to_string(options_.max_bytes) + " bytes",
              "raise journal.max_bytes, shorten journal.retention, or help the destination that lags");
}

Result<void> Committer::reserve(std::uint64_t end) {
  if (end <= active_.allocated_bytes) return {};
  UE_TRY_ASSIGN(const std::uint64_t free, storage_.files.free_bytes(storage_.directory));
  const std::uint64_t needed = end - std::min(end, active_.allocated_bytes);
  if (free < options_.reserve_bytes + needed)
    return fail(ErrorKind::full, "disk-full",
                "only " + std::to_string(free) + " bytes are free on the disk of " + storage_.directory +
                    "; the journal leaves " + std::to_string(options_.reserve_bytes) + " free",
                "free disk space, or shorten journal.retention");
  const std::uint64_t step = std::clamp(active_.allocated_bytes, kReserveStepMinBytes, kReserveStepMaxBytes);
  const std::uint64_t wanted = std::max(end, std::min(align_up(end, step), options_.segment_bytes));
  if (free >= options_.reserve_bytes + (wanted - active_.allocated_bytes) && active_.file->allocate(wanted)) {
    active_.allocated_bytes = wanted;
    return {};
  }
  UE_TRY(active_.file->allocate(end));
  active_.allocated_bytes = end;
  return {};
}

Result<void> Committer::zero_ahead(std::uint64_t end) {
  const std::uint64_t upto = std::min(align_up(end + kZeroAheadBytes / 2, 4096), active_.allocated_bytes);
  if (upto > end) UE_TRY(active_.file->write_at(end, std::span(kZeros).first(upto - end)));
  active_.zeroed_bytes = std::max(upto, end);
  return {};
}

Result<void> Committer::open_segment(std::uint64_t salt, PreviousEnd previous_end) {
  const Segment previous = view_.active();
  SegmentHeader header = next_header(previous, previous_end, identity_.journal, identity_.epoch);
  // A number is used once: an attempt that failed may have left a file with it.
  header.ordinal = ++last_ordinal_;
  header.created_ms = clock_.wall().time_since_epoch().count();
  header.salt = salt;
  broken_ = true;
  auto created = create_segment(storage_, header);
  if (!created) {
    leftovers_.push_back(header.ordinal);
    static_cast<void>(remove_leftovers());
    return std::unexpected(std::move(created).error());
  }
  broken_ = false;
  active_.file = *std::move(created);
  active_.allocated_bytes = kSegmentHeaderBytes;
  active_.zeroed_bytes = kSegmentHeaderBytes;
  view_.add_segment(begin_segment(header));
  stage_.seal_ids(previous.info.ordinal, previous.info.base_sequence, previous.info.last_sequence);
  segment_ended_(previous.info.ordinal);
  return {};
}

void Committer::publish(Frame& frame) {
  view_.add_frame(frame.header, frame.hash, stage_.pool()->share(std::move(frame.bytes)));
  stage_.count_accepted(frame.header.record_count);
}

void Committer::complete(Frame& frame, const Result<void>& outcome) {
  for (Batch& batch : frame.batches) {
    if (!outcome) {
      batch.completion(std::unexpected(outcome.error()));
    } else if (!batch.receipts.empty()) {
      batch.completion(std::span<const Receipt>(batch.receipts));
    } else {
      receipts_.resize(batch.record_count);
      for (std::uint32_t i = 0; i < batch.record_count; ++i) receipts_[i] = {batch.first_sequence + i, false};
      batch.completion(std::span<const Receipt>(receipts_));
    }
  }
}

FramePosition Committer::position() const {
  const Segment active = view_.active();
  return {active.info.salt, active.info.end_offset, active.info.last_hash};
}

void Committer::fail_all(std::unique_ptr<Frame> frame, Error error, Touched touched) {
  refused_bytes_ = frame->bytes.size();
  probes_ = 0;
  // Never a second try on this file: the kernel may have dropped the pages it could not write, and a later
  // sync would say all is well. What stands behind the durable mark becomes void by the next segment's
  // header.
  if (touched == Touched::yes) broken_ = true;
  const bool was_broken = broken_;
  if (broken_) mend();
  // While there is no good file, or no room, nothing more is taken until a probe finds things mended.
  refusal_ = broken_ || !was_broken ? std::optional(error) : std::nullopt;
  auto rest = stage_.take_back(view_.durable(), position(), refusal_);
  rest.insert(rest.begin(), std::move(frame));
  const Result<void> outcome = std::unexpected(std::move(error));
  for (auto& failed : rest) {
    complete(*failed, outcome);
    stage_.done(std::move(failed));
  }
}

void Committer::probe() {
  ++probes_;
  if (broken_) {
    mend();
    if (broken_) return;
    // Nothing is staged while the stage refuses; this only moves the builder to the new file.
    static_cast<void>(stage_.take_back(view_.durable(), position(), refusal_));
  }
  if (!has_room_again()) return;
  refusal_.reset();
  stage_.accept();
}

/// Tries to open a segment in place of the broken one; clears broken_ when that went well.
void Committer::mend() {
  if (!remove_leftovers() && skip_probes_ > 0) {
    --skip_probes_;
    return;
  }
  static_cast<void>(open_segment(random_.next_u64(), PreviousEnd::broken));
  if (leftovers_.empty()) return;
  pause_probes_ = std::min(pause_probes_ * 2 + 1, kMaxPauseProbes);
  skip_probes_ = pause_probes_;
}

/// Whether none is left.
bool Committer::remove_leftovers() {
  std::erase_if(leftovers_, [this](std::uint64_t ordinal) {
    const auto removed = storage_.files.remove(storage_.path(segment_name(ordinal)));
    return removed || removed.error().kind == ErrorKind::not_found;
  });
  if (!leftovers_.empty()) return false;
  skip_probes_ = pause_probes_ = 0;
  return true;
}

bool Committer::has_room_again() {
  const std::uint64_t wanted = probes_ <= kProbesForWholeFrame ? refused_bytes_ : kFrameHeaderBytes;
  if (!check_room(wanted)) return false;
  const std::uint64_t at = view_.active().info.end_offset;
  const bool fits = at == kSegmentHeaderBytes || at + wanted <= options_.segment_bytes;
  // What does not fit opens a segment of its own first, and finds out there.
  return reserve(fits ? at + wanted : at + kFrameHeaderBytes).has_value();
}

}  // namespace user_events::journal
