#include "journal/upkeep.h"

#include <algorithm>

#include "base/try.h"

namespace user_events::journal {
namespace {

/// How often retention and failed seals are tried again.
constexpr std::chrono::milliseconds kUpkeepInterval{5'000};

IndexOwner owner_of(const Segment& segment, const IdHasher& hasher) {
  return {segment.info.ordinal, segment.info.salt, hasher.check()};
}

/// Writes the index and opens it.
Result<std::shared_ptr<const IdIndex>> make_index(const Storage& storage, const IndexOwner& owner, IdEntries entries,
                                                  const std::shared_ptr<FilterBudget>& budget) {
  UE_TRY(IdIndex::write(storage, owner, std::move(entries)));
  UE_TRY_ASSIGN(auto index, IdIndex::open(storage, owner, budget));
  if (!index)
    return fail(ErrorKind::damaged, "index-damaged",
                index_name(owner.ordinal) + " does not read back as written");
  return index;
}

}  // namespace

Upkeep::Upkeep(const Options& options, const Storage& storage, const ports::Clock& clock,
               const IdHasher& hasher, std::shared_ptr<FilterBudget> budget, Stage& stage, View& view)
    : options_(options),
      storage_(storage),
      clock_(clock),
      hasher_(hasher),
      budget_(std::move(budget)),
      stage_(stage),
      view_(view) {}

void Upkeep::run() {
  std::unique_lock lock(mutex_);
  auto next_tick = std::chrono::steady_clock::now() + kUpkeepInterval;
  auto next_scrub = std::chrono::steady_clock::now() + options_.scrub_pause;
  while (!closed_) {
    const auto wake_at = options_.scrub_pause.count() > 0 ? std::min(next_tick, next_scrub) : next_tick;
    const bool queued = wake_.wait_until(lock, wake_at, [this] { return closed_ || !ended_.empty(); });
    lock.unlock();
    const auto now = std::chrono::steady_clock::now();
    if (queued || now >= next_tick) {
      seal_ended();
      mend_indexes();
      static_cast<void>(apply_retention());  // a failure is tried again at the next tick
      next_tick = now + kUpkeepInterval;
    }
    if (options_.scrub_pause.count() > 0 && now >= next_scrub) {
      scrub_next();
      next_scrub = std::chrono::steady_clock::now() + options_.scrub_pause;
    }
    lock.lock();
  }
  lock.unlock();
  seal_ended();
}

void Upkeep::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
}

void Upkeep::segment_ended(std::uint64_t ordinal) {
  {
    const std::scoped_lock lock(mutex_);
    ended_.push_back(ordinal);
  }
  wake_.notify_all();
}

void Upkeep::seal_ended() {
  std::deque<std::uint64_t> ended;
  {
    const std::scoped_lock lock(mutex_);
    ended.swap(ended_);
  }
  const std::scoped_lock files(files_mutex_);
  for (const std::uint64_t ordinal : ended) static_cast<void>(seal(ordinal));
}

/// A seal that fails costs nothing but time: the next header says where the segment ends, the ids stay in
/// memory.
bool Upkeep::seal(std::uint64_t ordinal) {
  const std::optional<Segment> segment = view_.segment(ordinal);
  if (!segment) return true;
  if (!segment->sealed) {
    const auto file_bytes = write_footer(storage_, segment->info, segment->sparse);
    if (!file_bytes) return false;
    view_.set_sealed(ordinal, *file_bytes);
  }
  return write_index(*segment).has_value();
}

Result<void> Upkeep::write_index(const Segment& segment) {
  const auto sources = stage_.sources();
  const auto source = std::ranges::find(*sources, segment.info.ordinal, &IdSource::ordinal);
  if (source == sources->end() || !source->table) return {};
  IdEntries entries;
  entries.reserve(source->table->size());
  source->table->collect(source->first_sequence, source->last_sequence, entries);
  UE_TRY_ASSIGN(auto index, make_index(storage_, owner_of(segment, hasher_), std::move(entries), budget_));
  view_.set_index_bytes(segment.info.ordinal, index->file_bytes());
  stage_.set_index(segment.info.ordinal, std::move(index));
  return {};
}

void Upkeep::mend_indexes() {
  const std::scoped_lock files(files_mutex_);
  const auto sources = stage_.sources();
  for (const Segment& segment : view_.segments()) {
    const std::uint64_t ordinal = segment.info.ordinal;
    if (!segment.sealed && ordinal != view_.active().info.ordinal) static_cast<void>(seal(ordinal));
    const auto source = std::ranges::find(*sources, ordinal, &IdSource::ordinal);
    if (source == sources->end()) continue;
    if (source->table) static_cast<void>(write_index(segment));
    if (!source->index || !source->index->bad()) continue;
    auto ids = read_ids(storage_, segment, hasher_);
    if (!ids) continue;
    auto index = make_index(storage_, owner_of(segment, hasher_), *std::move(ids), budget_);
    if (index) stage_.set_index(ordinal, *std::move(index));
  }
}

// ---- retention ----

void Upkeep::set_needed_after(std::uint64_t sequence) {
  needed_after_.store(sequence, std::memory_order_relaxed);
}

void Upkeep::keep_everything() {
  set_needed_after(0);
  const std::scoped_lock ended(files_mutex_);
}

bool Upkeep::may_remove(const Segment& segment, std::uint64_t total_bytes, std::int64_t now_ms) const {
  if (segment.empty()) return true;
  if (segment.info.last_sequence > needed_after_.load(std::memory_order_relaxed)) return false;
  const std::int64_t age_ms = now_ms - segment.info.accepted_last_ms;
  if (age_ms <= options_.idempotency_window.count()) return false;
  const bool too_old = options_.retention_age.count() > 0 && age_ms > options_.retention_age.count();
  const bool too_large = options_.retention_bytes > 0 && total_bytes > options_.retention_bytes;
  return too_old || too_large;
}

Result<std::size_t> Upkeep::apply_retention() {
  if (options_.read_only) return std::size_t{0};
  const std::scoped_lock files(files_mutex_);
  UE_TRY(remove_files());
  const std::int64_t now_ms = clock_.wall().time_since_epoch().count();
  std::size_t removed = 0;
  std::uint64_t total_bytes = view_.disk_bytes();
  for (const Segment& segment : view_.segments()) {
    const std::uint64_t ordinal = segment.info.ordinal;
    if (!may_remove(segment, total_bytes, now_ms) || ordinal == view_.active().info.ordinal) break;
    if (options_.before_removal)
      UE_TRY(options_.before_removal({ordinal, segment.info.base_sequence, {segment.info.last_sequence, segment.info.last_hash}, segment.info.accepted_last_ms}));
    if (!view_.remove_oldest(ordinal)) break;
    stage_.remove_source(ordinal);
    removing_.push_back(ordinal);
    UE_TRY(remove_files());
    total_bytes -= segment.file_bytes + segment.index_bytes;
    ++removed;
  }
  return removed;
}

/// Oldest first, each removal durable before the next: a power cut must never leave a gap between segments.
Result<void> Upkeep::remove_files() {
  while (!removing_.empty()) {
    for (const std::string& name : {segment_name(removing_.front()), index_name(removing_.front())}) {
      UE_TRY_ASSIGN(const bool there, storage_.files.exists(storage_.path(name)));
      if (there) UE_TRY(storage_.files.remove(storage_.path(name)));
    }
    UE_TRY(storage_.sync_directory());
    removing_.pop_front();
  }
  return {};
}

// ---- scrubbing ----

void Upkeep::scrub_next() {
  const std::vector<Segment> segments = view_.segments();
  for (const Segment& segment : segments) {
    if (segment.info.ordinal <= scrubbed_ordinal_ || !segment.sealed) continue;
    scrubbed_ordinal_ = segment.info.ordinal;
    return scrub_one(segment);
  }
  // What could not be read has its turn again, one after the other.
  std::erase_if(unread_, [&](std::uint64_t ordinal) { return ordinal < segments.front().info.ordinal; });
  const auto next = unread_.upper_bound(retried_ordinal_);
  if (unread_.empty()) return;
  retried_ordinal_ = next == unread_.end() ? *unread_.begin() : *next;
  const auto segment =
      std::ranges::find(segments, retried_ordinal_, [](const Segment& s) { return s.info.ordinal; });
  if (segment != segments.end()) scrub_one(*segment);
}

void Upkeep::scrub_one(const Segment& segment) {
  const auto scrubbed = scrub(storage_, segment);
  if (scrubbed || scrubbed.error().kind == ErrorKind::not_found) {
    unread_.erase(segment.info.ordinal);
    return;
  }
  if (scrubbed.error().kind != ErrorKind::damaged) {
    unread_.insert(segment.info.ordinal);
    return;
  }
  unread_.erase(segment.info.ordinal);
  const std::scoped_lock lock(mutex_);
  problem_ = describe(scrubbed.error());
}

Result<void> Upkeep::verify() const {
  Hash expected{};
  bool first = true;
  for (const Segment& segment : view_.segments()) {
    if (!first && segment.start_hash != expected)
      return damage(segment.info.ordinal, 0, "its chain does not begin where the segment before it ends");
    first = false;
    expected = segment.info.last_hash;
    auto scrubbed = scrub(storage_, segment);
    // Retention may have removed it meanwhile.
    if (!scrubbed && scrubbed.error().kind != ErrorKind::not_found) return scrubbed;
  }
  return {};
}

std::string Upkeep::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

// ---- start ----

Result<std::shared_ptr<const IdSources>> open_sources(const Storage& storage, std::vector<Segment>& segments,
                                                      const IdHasher& hasher,
                                                      const std::shared_ptr<FilterBudget>& budget,
                                                      MissingIndex missing) {
  auto sources = std::make_shared<IdSources>();
  // Newest first, so that the newest filters get the memory there is.
  for (std::size_t i = segments.size() - 1; i-- > 0;) {
    Segment& segment = segments[i];
    if (segment.info.caller_ids == 0) continue;
    IdSource source{segment.info.ordinal, segment.info.base_sequence, segment.info.last_sequence, nullptr,
                    nullptr};
    UE_TRY_ASSIGN(source.index, IdIndex::open(storage, owner_of(segment, hasher), budget));
    if (!source.index) {
      UE_TRY_ASSIGN(const auto ids, read_ids(storage, segment, hasher));
      if (missing == MissingIndex::write) {
        auto index = make_index(storage, owner_of(segment, hasher), ids, budget);
        if (index) source.index = *std::move(index);
      }
      if (!source.index) {
        // A disk that is full must not keep the journal closed: the ids stay in memory until there is room.
        auto table = std::make_shared<IdTable>();
        for (const IdEntry& id : ids) table->insert(id);
        source.table = std::move(table);
      }
    }
    if (source.index) segment.index_bytes = source.index->file_bytes();
    sources->insert(sources->begin(), std::move(source));
  }
  return sources;
}

}  // namespace user_events::journal
