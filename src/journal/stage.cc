#include "journal/stage.h"

#include <algorithm>
#include <cassert>

#include "base/try.h"
#include "journal/bytes.h"

namespace user_events::journal {
namespace {

/// From this size on, hashing a frame takes long enough to be worth another thread while the disk is busy.
/// Smaller frames stay open until the disk is free, so that more callers share them.
constexpr std::size_t kBuildAheadBytes = 64u << 10;
constexpr std::chrono::milliseconds kProbeInterval{100};
/// What a batch and a record take in memory beside their bytes: completion, receipts. Repeats of accepted ids
/// add no bytes and must still be bounded.
constexpr std::uint64_t kBatchCostBytes = 256;
constexpr std::uint64_t kRecordCostBytes = 64;
constexpr std::size_t kReportedConflicts = 100;

std::uint64_t cost_of(std::size_t records) { return kBatchCostBytes + kRecordCostBytes * records; }

std::string pointer_to(std::size_t index) { return "/" + std::to_string(index); }

Error too_long(std::size_t index, std::string_view what) {
  return Error{ErrorKind::too_large,
               "record-too-large",
               "record " + std::to_string(index) + ": " + std::string(what),
               "",
               {{pointer_to(index), "too-large", std::string(what)}}};
}

std::optional<Error> check_fields(const RecordDraft& draft, std::size_t index) {
  if (draft.id.empty() || draft.id.size() > 255) return too_long(index, "id must have 1 to 255 bytes");
  if (draft.type.empty() || draft.type.size() > 255) return too_long(index, "type must have 1 to 255 bytes");
  if (draft.key.empty() || draft.key.size() > 1024) return too_long(index, "key must have 1 to 1024 bytes");
  if (draft.scope.size() > 1024) return too_long(index, "scope must have at most 1024 bytes");
  if (draft.source_position.size() > 1024)
    return too_long(index, "source position must have at most 1024 bytes");
  if (draft.key_id.size() > 255) return too_long(index, "key id must have at most 255 bytes");
  return std::nullopt;
}

Error closing() {
  return Error{
      ErrorKind::unavailable, "journal-closing", "the journal is closing", "try again once it is open", {}};
}

}  // namespace

Stage::Stage(const Options& options, const ports::Clock& clock, ports::Random& random, const IdHasher& hasher,
             StageStart start)
    : options_(options),
      clock_(clock),
      hasher_(hasher),
      builder_(options.segment_bytes, random),
      next_sequence_(start.next_sequence),
      accepted_ms_(start.accepted_floor_ms),
      ids_(std::move(start.ids)),
      sources_(std::move(start.sources)) {
  builder_.reset(start.position);
}

// ---- append ----

std::optional<Error> Stage::check_sizes(std::span<const RecordDraft> drafts, std::uint64_t& bytes) const {
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (auto error = check_fields(drafts[i], i)) return error;
    bytes += encoded_size(drafts[i]);
  }
  if (bytes <= options_.max_batch_bytes) return std::nullopt;
  return Error{ErrorKind::too_large,
               "batch-too-large",
               "a batch of " + std::to_string(bytes) + " bytes is over the limit of " +
                   std::to_string(options_.max_batch_bytes),
               "publish fewer events at once",
               {}};
}

Result<void> Stage::look_up_sealed(const IdSources& sources, IdLookups& lookups) {
  thread_local IdEntries found;
  for (IdLookup& lookup : lookups) {
    lookup.known = false;
    found.clear();
    UE_TRY(find_all(sources, lookup.hashes.id_hash, found));
    for (const IdEntry& entry : found) {
      if (entry.scoped_hash != lookup.hashes.scoped_hash) continue;
      lookup.known = true;
      lookup.sequence = entry.sequence;
      lookup.known_mac = entry.mac;
      break;
    }
  }
  return {};
}

std::optional<Error> Stage::resolve(std::span<const RecordDraft> drafts, IdLookups& lookups) {
  std::optional<Error> conflict;
  std::uint64_t duplicates = 0;
  for (IdLookup& lookup : lookups) {
    const RecordDraft& draft = drafts[lookup.index];
    lookup.duplicate = lookup.known;
    if (const IdEntry* entry = lookup.known ? nullptr : ids_.find(lookup.hashes)) {
      lookup.duplicate = true;
      lookup.sequence = entry->sequence;
      lookup.known_mac = entry->mac;
    }
    if (!lookup.duplicate) {
      lookup.sequence = next_sequence_ + lookup.index - duplicates;
      ids_.insert({lookup.hashes.id_hash, lookup.hashes.scoped_hash, draft.request_mac, lookup.sequence});
      continue;
    }
    ++duplicates;
    if (lookup.known_mac == draft.request_mac) continue;
    if (!conflict)
      conflict = Error{ErrorKind::conflict,
                       "id-conflict",
                       "an event id was accepted before with other content",
                       "give a new event a new id; repeat an event with the same content",
                       {}};
    if (conflict->fields.size() < kReportedConflicts)
      conflict->fields.push_back(
          {pointer_to(lookup.index), "id-conflict", "this id has other content already"});
  }
  if (conflict) {
    for (const IdLookup& lookup : lookups)
      if (!lookup.duplicate) ids_.erase(lookup.hashes);
    ++conflicts_;
  }
  return conflict;
}

std::optional<Error> Stage::wait_for_room(std::unique_lock<std::mutex>& lock, std::uint64_t bytes,
                                          Backpressure backpressure) {
  for (;;) {
    if (closed_) return closing();
    if (refusal_) {
      if (refusal_->kind == ErrorKind::full) ++refused_full_;
      return refusal_;
    }
    // A batch larger than the whole buffer goes alone.
    if (staged_bytes_ == 0 || staged_bytes_ + bytes <= options_.staging_bytes) return std::nullopt;
    pressing_ = true;
    wake();
    if (backpressure == Backpressure::refuse)
      return Error{ErrorKind::unavailable,
                   "staging-full",
                   "the journal's staging buffer is full: events come faster than the disk takes them",
                   "try again shortly",
                   {}};
    room_.wait(lock);
  }
}

void Stage::append(std::span<const RecordDraft> drafts, Backpressure backpressure, Patience patience,
                   Completion completion) {
  const auto refuse = [&](Error error) { completion(std::unexpected(std::move(error))); };
  if (drafts.empty()) return completion(std::span<const Receipt>{});
  std::uint64_t bytes = 0;
  if (auto error = check_sizes(drafts, bytes)) return refuse(*std::move(error));

  thread_local IdLookups lookups;
  lookups.clear();
  for (std::size_t i = 0; i < drafts.size(); ++i)
    if (drafts[i].id_from_caller)
      lookups.push_back(
          {.index = static_cast<std::uint32_t>(i), .hashes = hasher_(drafts[i].scope, drafts[i].id)});

  const std::uint64_t cost = bytes + cost_of(drafts.size());
  if (on_commit_thread()) backpressure = Backpressure::refuse;
  std::unique_lock lock(mutex_);
  if (auto error = wait_for_room(lock, cost, backpressure)) {
    lock.unlock();
    return refuse(*std::move(error));
  }
  // Sealed segments are looked up without the lock; if the picture of them changed meanwhile, once more.
  for (std::shared_ptr<const IdSources> seen; !lookups.empty() && seen != sources_;) {
    seen = sources_;
    lock.unlock();
    if (auto looked_up = look_up_sealed(*seen, lookups); !looked_up)
      return refuse(std::move(looked_up).error());
    lock.lock();
    if (auto error = wait_for_room(lock, cost, backpressure)) {
      lock.unlock();
      return refuse(*std::move(error));
    }
  }
  if (auto conflict = resolve(drafts, lookups)) {
    lock.unlock();
    return refuse(*std::move(conflict));
  }
  pressing_ |= patience == Patience::none;
  stage(drafts, lookups, bytes, std::move(completion));
}

void Stage::hold() {
  const std::scoped_lock lock(mutex_);
  ++holds_;
}

void Stage::release() {
  const std::scoped_lock lock(mutex_);
  assert(holds_ > 0);
  if (--holds_ == 0) wake();
}

Frame& Stage::frame_for(std::uint64_t bytes) {
  if (frames_.empty() || frames_.back()->bytes.size() + bytes > options_.max_frame_bytes) {
    auto frame = std::make_unique<Frame>();
    frame->bytes = pool_->take();
    const std::size_t likely = std::max<std::size_t>(largest_frame_bytes_, kFrameHeaderBytes + bytes);
    if (frame->bytes.capacity() < likely) frame->bytes.reserve(likely);
    frame->bytes.resize(kFrameHeaderBytes);
    frames_.push_back(std::move(frame));
  }
  return *frames_.back();
}

void Stage::stage(std::span<const RecordDraft> drafts, const IdLookups& lookups, std::uint64_t bytes,
                  Completion completion) {
  std::uint32_t duplicates = 0;
  for (const IdLookup& lookup : lookups) {
    if (!lookup.duplicate) continue;
    ++duplicates;
    bytes -= encoded_size(drafts[lookup.index]);
  }
  duplicates_ += duplicates;
  Frame& frame = frame_for(bytes);
  account(frame, bytes + cost_of(drafts.size()));
  Batch& batch = frame.batches.emplace_back();
  batch.completion = std::move(completion);
  batch.first_sequence = next_sequence_;
  batch.record_count = static_cast<std::uint32_t>(drafts.size()) - duplicates;
  if (duplicates != 0) {
    batch.receipts.resize(drafts.size());
    for (const IdLookup& lookup : lookups)
      if (lookup.duplicate) batch.receipts[lookup.index] = {lookup.sequence, true};
    std::uint64_t sequence = next_sequence_;
    for (Receipt& receipt : batch.receipts)
      if (!receipt.duplicate) receipt.sequence = sequence++;
  }
  if (batch.record_count != 0) write_records(frame, drafts, lookups, bytes);
  wake();
}

void Stage::write_records(Frame& frame, std::span<const RecordDraft> drafts, const IdLookups& lookups,
                          std::uint64_t bytes) {
  const std::int64_t now = clock_.wall().time_since_epoch().count();
  accepted_ms_ = std::max(accepted_ms_, now);
  FrameHeader& header = frame.header;
  if (header.record_count == 0) {
    header.first_sequence = next_sequence_;
    header.accepted_first_ms = accepted_ms_;
    header.wall_lowest_ms = now;
  }
  header.accepted_last_ms = accepted_ms_;
  header.wall_lowest_ms = std::min(header.wall_lowest_ms, now);
  const std::size_t before = frame.bytes.size();
  // The callback's size is not used: libstdc++ 12 passes the capacity it grew to.
  frame.bytes.resize_and_overwrite(before + bytes, [&](char* data, std::size_t) {
    auto* at = reinterpret_cast<std::byte*>(data) + before;
    auto lookup = lookups.begin();
    for (std::uint32_t i = 0; i < drafts.size(); ++i) {
      if (lookup != lookups.end() && lookup->index == i) {
        const bool duplicate = lookup->duplicate;
        ++lookup;
        if (duplicate) continue;
        ++header.caller_ids;
      }
      at = encode(drafts[i], accepted_ms_, at);
      ++header.record_count;
      ++next_sequence_;
    }
    return before + bytes;
  });
}

void Stage::account(Frame& frame, std::uint64_t bytes) noexcept {
  frame.staged_bytes += bytes;
  staged_bytes_ += bytes;
}

bool Stage::build_ahead() const noexcept {
  return committing_ && !building_ && !ahead_ && !frames_.empty() &&
         (frames_.size() > 1 || frames_.front()->bytes.size() >= kBuildAheadBytes);
}

bool Stage::may_begin() const noexcept {
  if (frames_.empty()) return false;
  return holds_ == 0 || pressing_ || closed_ || frames_.size() > 1 ||
         frames_.front()->bytes.size() >= kBuildAheadBytes;
}

void Stage::wake() {
  if (!committing_) {
    const bool timer_starts = holds_ != 0 && frames_.size() == 1 && frames_.front()->batches.size() == 1;
    if (may_begin() || timer_starts) work_.notify_one();
  } else if (build_ahead()) {
    build_.notify_one();
  }
}

// ---- build thread ----

void Stage::run_builder() {
  std::unique_lock lock(mutex_);
  for (;;) {
    build_.wait(lock, [this] { return closed_ || build_ahead(); });
    if (closed_) return;  // the commit thread builds what is left
    std::unique_ptr<Frame> frame = pop();
    building_ = true;
    lock.unlock();
    builder_.build(*frame);
    lock.lock();
    building_ = false;
    ahead_ = std::move(frame);
    work_.notify_one();
  }
}

std::unique_ptr<Frame> Stage::pop() {
  std::unique_ptr<Frame> frame = std::move(frames_.front());
  frames_.pop_front();
  if (frames_.empty()) pressing_ = false;
  return frame;
}

// ---- commit thread ----

std::unique_ptr<Frame> Stage::next() {
  std::unique_lock lock(mutex_);
  committing_ = false;
  std::unique_ptr<Frame> frame;
  while (!frame) {
    if (ahead_) {
      frame = std::move(ahead_);
    } else if (!building_ && may_begin()) {
      frame = pop();
    } else if (closed_ && !building_) {
      return nullptr;
    } else if (refusal_) {
      if (work_.wait_for(lock, kProbeInterval) == std::cv_status::timeout) return nullptr;
    } else if (has_staged() && holds_ != 0) {
      if (work_.wait_for(lock, options_.longest_hold) == std::cv_status::timeout) pressing_ = true;
    } else {
      work_.wait(lock);
    }
  }
  if (!frame->built) {
    building_ = true;
    lock.unlock();
    builder_.build(*frame);
    lock.lock();
    building_ = false;
  }
  committing_ = true;
  largest_frame_bytes_ =
      std::max<std::uint64_t>(largest_frame_bytes_ - largest_frame_bytes_ / 16, frame->bytes.size());
  if (build_ahead()) build_.notify_one();
  return frame;
}

bool Stage::finished() const {
  const std::scoped_lock lock(mutex_);
  return closed_ && !building_ && !ahead_ && !has_staged();
}

void Stage::done(std::unique_ptr<Frame> frame) {
  {
    const std::scoped_lock lock(mutex_);
    staged_bytes_ -= frame->staged_bytes;
  }
  room_.notify_all();
}

std::vector<std::unique_ptr<Frame>> Stage::take_back(std::uint64_t durable, const FramePosition& position,
                                                     std::optional<Error> refusal) {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [this] { return !building_; });
  std::vector<std::unique_ptr<Frame>> frames;
  if (ahead_) frames.push_back(std::move(ahead_));
  while (has_staged()) frames.push_back(pop());
  next_sequence_ = durable + 1;
  ids_.erase_after(durable);
  builder_.reset(position);
  refusal_ = std::move(refusal);
  room_.notify_all();
  return frames;
}

void Stage::accept() {
  const std::scoped_lock lock(mutex_);
  refusal_.reset();
}

void Stage::seal_ids(std::uint64_t ordinal, std::uint64_t base, std::uint64_t last) {
  const std::scoped_lock lock(mutex_);
  IdEntries later;
  ids_.collect(last + 1, ~0ull, later);
  if (later.size() != ids_.size()) {
    auto sources = std::make_shared<IdSources>(*sources_);
    sources->push_back({ordinal, base, last, std::make_shared<const IdTable>(std::move(ids_)), nullptr});
    sources_ = std::move(sources);
  }
  ids_ = IdTable();
  for (const IdEntry& entry : later) ids_.insert(entry);
}

// ---- any thread ----

void Stage::set_index(std::uint64_t ordinal, const std::shared_ptr<const IdIndex>& index) {
  const std::scoped_lock lock(mutex_);
  auto sources = std::make_shared<IdSources>(*sources_);
  for (IdSource& source : *sources) {
    if (source.ordinal != ordinal) continue;
    source.index = index;
    source.table.reset();
  }
  sources_ = std::move(sources);
}

void Stage::remove_source(std::uint64_t ordinal) {
  const std::scoped_lock lock(mutex_);
  auto sources = std::make_shared<IdSources>(*sources_);
  std::erase_if(*sources, [ordinal](const IdSource& source) { return source.ordinal == ordinal; });
  sources_ = std::move(sources);
}

std::shared_ptr<const IdSources> Stage::sources() const {
  const std::scoped_lock lock(mutex_);
  return sources_;
}

Result<IdEntries> Stage::find_id(std::uint64_t id_hash) const {
  IdEntries found;
  std::shared_ptr<const IdSources> sources;
  {
    const std::scoped_lock lock(mutex_);
    ids_.find_all(id_hash, found);
    sources = sources_;
  }
  UE_TRY(find_all(*sources, id_hash, found));
  return found;
}

void Stage::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
  build_.notify_all();
  room_.notify_all();
}

void Stage::report(Stats& stats) const {
  const std::scoped_lock lock(mutex_);
  stats.records_accepted = accepted_;
  stats.duplicates = duplicates_;
  stats.conflicts = conflicts_;
  stats.refused_full = refused_full_;
  stats.accepting = !closed_ && !refusal_;
  if (refusal_) stats.problem = describe(*refusal_);
  if (closed_) stats.problem = "closed";
}

void Stage::count_accepted(std::uint64_t records) noexcept {
  const std::scoped_lock lock(mutex_);
  accepted_ += records;
}

}  // namespace user_events::journal
