#include "journal/journal.h"

#include <algorithm>

#include "base/try.h"
#include "journal/impl.h"

namespace user_events::journal {
namespace {

/// Memory for the filters of id indexes: 12 bits an id, so some 11 million ids.
constexpr std::size_t kFilterMemoryBytes = 16u << 20;
constexpr std::uint64_t kSmallestSegmentBytes = 16u << 10;
constexpr std::uint64_t kLargestBatchBytes = 1ull << 30;

/// Limits that contradict each other would show later and elsewhere.
Result<void> check(const Options& options) {
  const auto usage = [](std::string message) {
    return fail(ErrorKind::usage, "journal-options", std::move(message));
  };
  if (options.directory.empty()) return usage("the journal's directory is empty");
  if (options.segment_bytes < kSmallestSegmentBytes)
    return usage("journal.segment_bytes must be at least " + std::to_string(kSmallestSegmentBytes));
  if (options.max_batch_bytes > kLargestBatchBytes)
    return usage("max_batch_bytes must be at most " + std::to_string(kLargestBatchBytes));
  return {};
}

std::unexpected<Error> refuse_read_only() {
  return fail(ErrorKind::usage, "read-only", "the journal is open for reading only");
}

std::string parent_of(const std::string& directory) {
  const std::size_t end = directory.find_last_not_of('/');
  const std::size_t slash = directory.rfind('/', end);
  if (end == std::string::npos || slash == 0) return "/";
  return slash == std::string::npos ? "." : directory.substr(0, slash);
}

}  // namespace

Journal::Impl::Impl(ports::FileSystem& files, const ports::Clock& with_clock, Options with)
    : options(std::move(with)), storage{files, options.directory}, clock(with_clock) {}

/// Takes the lock and reads what there is, without writing.
Result<Recovered> Journal::Impl::look() {
  UE_TRY(require_segments(storage));
  UE_TRY_ASSIGN(lock, share_lock(storage));
  UE_TRY_ASSIGN(identity, read_identity(storage));
  hasher.emplace(identity.secret);
  UE_TRY_ASSIGN(Recovered recovered, recover_read_only(storage, identity, *hasher));
  if (identity.epoch == 0) set_epoch(identity, recovered.epoch);
  return recovered;
}

/// Takes the lock and recovers.
Result<Recovered> Journal::Impl::recover_all(ports::Random& random) {
  UE_TRY(storage.files.create_directories(options.directory));
  UE_TRY(storage.files.sync_directory(parent_of(options.directory)));
  UE_TRY_ASSIGN(lock, storage.files.lock(storage.path("lock")));
  UE_TRY_ASSIGN(const bool begun, has_segments(storage));
  UE_TRY_ASSIGN(identity, open_identity(storage, random, begun));
  hasher.emplace(identity.secret);
  return recover(storage, identity, clock, random, *hasher);
}

Result<void> Journal::Impl::start(ports::Random& random) {
  UE_TRY(check(options));
  UE_TRY_ASSIGN(Recovered recovered, options.read_only ? look() : recover_all(random));
  budget = std::make_shared<FilterBudget>(kFilterMemoryBytes);
  StageStart stage_start;
  UE_TRY_ASSIGN(stage_start.sources,
                open_sources(storage, recovered.segments, *hasher, budget,
                             options.read_only ? MissingIndex::keep_in_memory : MissingIndex::write));
  const Footer active = recovered.segments.back().info;
  stage_start.next_sequence = active.last_sequence + 1;
  stage_start.accepted_floor_ms = active.accepted_last_ms;
  stage_start.position = {active.salt, active.end_offset, active.last_hash};
  stage_start.ids = std::move(recovered.ids);

  std::vector<std::uint64_t> unsealed;
  for (const Segment& segment : recovered.segments)
    if (!segment.sealed && segment.info.ordinal != active.ordinal) unsealed.push_back(segment.info.ordinal);

  torn_tail = recovered.torn_tail;
  view = std::make_unique<View>(options.recent_frames_bytes, std::move(recovered.segments));
  stage = std::make_unique<Stage>(options, clock, random, *hasher, std::move(stage_start));
  upkeep = std::make_unique<Upkeep>(options, storage, clock, *hasher, budget, *stage, *view);
  if (options.read_only) return {};
  committer = std::make_unique<Committer>(options, storage, clock, random, identity, *stage, *view,
                                          std::move(recovered.active), recovered.last_ordinal,
                                          [this](std::uint64_t ordinal) { upkeep->segment_ended(ordinal); });
  for (const std::uint64_t ordinal : unsealed) upkeep->segment_ended(ordinal);
  commit_thread = std::thread([this] { committer->run(); });
  build_thread = std::thread([this] { stage->run_builder(); });
  upkeep_thread = std::thread([this] { upkeep->run(); });
  return {};
}

void Journal::Impl::close() {
  std::call_once(closed, [this] {
    if (!commit_thread.joinable()) return;
    stage->close();
    commit_thread.join();
    build_thread.join();
    upkeep->close();
    upkeep_thread.join();
    // Without it a restored backup of the open directory is not told from the directory itself.
    static_cast<void>(renew_epoch_marker(storage, identity));
    view->close();
  });
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() { close(); }

Result<std::unique_ptr<Journal>> Journal::open(ports::FileSystem& files, const ports::Clock& clock,
                                               ports::Random& random, Options options) {
  auto impl = std::make_unique<Impl>(files, clock, std::move(options));
  UE_TRY(impl->start(random));
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

void Journal::append(std::span<const RecordDraft> drafts, Backpressure backpressure, Completion completion) {
  if (impl_->options.read_only) return completion(refuse_read_only());
  impl_->stage->append(drafts, backpressure, Patience::some, std::move(completion));
}

void Journal::hold() { impl_->stage->hold(); }

void Journal::release() { impl_->stage->release(); }

Result<std::vector<Receipt>> Journal::append_wait(std::span<const RecordDraft> drafts) {
  if (impl_->options.read_only) return refuse_read_only();
  if (impl_->stage->on_commit_thread())
    return fail(ErrorKind::usage, "called-from-callback", "a callback waits for the thread that it runs on",
                "use the asynchronous form in callbacks, or hand the work to a thread of your own");
  std::mutex mutex;
  std::condition_variable finished;
  std::optional<Result<std::vector<Receipt>>> outcome;
  const auto complete = [&](const Result<std::span<const Receipt>>& result) {
    // Notified under the lock: once it is free, the waiting caller may be gone, and the condition variable
    // with it.
    const std::scoped_lock lock(mutex);
    if (result)
      outcome.emplace(std::vector<Receipt>(result->begin(), result->end()));
    else
      outcome.emplace(std::unexpected(result.error()));
    finished.notify_one();
  };
  impl_->stage->append(drafts, Backpressure::wait, Patience::none, complete);
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return outcome.has_value(); });
  return *std::move(outcome);
}

Reader Journal::reader(std::uint64_t after_sequence) const {
  return Reader(std::make_unique<Reader::Impl>(*impl_->view, impl_->storage, after_sequence));
}

std::uint64_t Journal::durable_sequence() const noexcept { return impl_->view->durable(); }

Head Journal::head() const {
  const Footer info = impl_->view->active().info;
  return {info.last_sequence, info.last_hash};
}

Head Journal::beginning() const {
  const Segment first = impl_->view->segments().front();
  return {first.info.base_sequence - 1, first.start_hash};
}

const std::optional<TornTail>& Journal::torn_tail() const noexcept { return impl_->torn_tail; }

std::uint64_t Journal::wait_durable(std::uint64_t after, std::chrono::milliseconds timeout) const {
  return impl_->view->wait_durable(after, timeout);
}

std::uint64_t Journal::add_listener(std::function<void(std::uint64_t)> listener) {
  return impl_->view->add_listener(std::move(listener));
}

void Journal::remove_listener(std::uint64_t token) { impl_->view->remove_listener(token); }

void Journal::set_needed_after(std::uint64_t sequence) { impl_->upkeep->set_needed_after(sequence); }

void Journal::keep_everything() { impl_->upkeep->keep_everything(); }

Result<std::size_t> Journal::apply_retention() { return impl_->upkeep->apply_retention(); }

Result<void> Journal::verify() const { return impl_->upkeep->verify(); }

const std::string& Journal::id() const noexcept { return impl_->identity.text; }

std::span<const std::byte, 32> Journal::secret() const noexcept { return impl_->identity.secret; }

Stats Journal::stats() const {
  Stats stats;
  impl_->stage->report(stats);
  if (impl_->committer) impl_->committer->report(stats);
  if (impl_->options.read_only) {
    stats.accepting = false;
    stats.problem = "open for reading only";
  }
  const std::vector<Segment> segments = impl_->view->segments();
  stats.first_sequence = segments.front().info.base_sequence;
  stats.durable_sequence = impl_->view->durable();
  stats.segments = segments.size();
  stats.disk_bytes = impl_->view->disk_bytes();
  if (stats.problem.empty()) stats.problem = impl_->upkeep->problem();
  return stats;
}

void Journal::close() { impl_->close(); }

}  // namespace user_events::journal
