#include "audit/log.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/anchor_file.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/try.h"
#include "base/uuid.h"
#include "observability/log.h"

namespace user_events::audit {
namespace {

using std::chrono::milliseconds;

// Acts are few and small; an idle daemon keeps little for them.
constexpr std::uint64_t kSegmentBytes = 8ull << 20, kFrameBytes = 256ull << 10, kStagingBytes = 1ull << 20, kRecentBytes = 256ull << 10;
/// The events stop well before, so that a disk that they have filled still takes what people do about it, and the records of what retention removes.
constexpr std::uint64_t kReserveBytes = 0;
constexpr std::size_t kMaxPrincipalBytes = 1'024;
/// Between two records of refused requests: ever longer in a flood.
constexpr milliseconds kFirstPause{1'000}, kLongestPause{60'000};

journal::Options journal_options(std::string directory, const AuditOptions& options) {
  journal::Options out;
  out.directory = std::move(directory);
  out.segment_bytes = kSegmentBytes;
  out.max_frame_bytes = kFrameBytes;
  out.staging_bytes = kStagingBytes;
  out.recent_frames_bytes = kRecentBytes;
  out.reserve_bytes = kReserveBytes;
  out.retention_bytes = 0;
  out.retention_age = options.retention;
  out.idempotency_window = milliseconds(1'000);
  return out;
}

std::string head_json(const journal::Head& head) {
  std::string out = "{";
  append_head(head, out);
  return out + "}";
}

}  // namespace

Log::Log(const ports::Clock& clock, ports::Random& random, const AuditOptions& options, std::shared_ptr<const signing::Key> key)
    : clock_(clock), random_(random), options_(options) {
  if (key) signer_.emplace(std::move(key));
}

Result<std::unique_ptr<Log>> Log::open(ports::FileSystem& files, const ports::Clock& clock, ports::Random& random, std::string directory,
                                       const AuditOptions& options, std::shared_ptr<const signing::Key> key) {
  std::unique_ptr<Log> log(new Log(clock, random, options, std::move(key)));
  auto with = journal_options(std::move(directory), options);
  with.before_removal = [log = log.get()](const journal::Removal& removal) { return log->note_removal("audit", removal); };
  UE_TRY_ASSIGN(log->journal_, journal::Journal::open(files, clock, random, std::move(with)));
  return log;
}

Log::~Log() { stop(); }

void Log::start(const journal::Journal& events, std::string_view version) {
  events_ = &events;
  note({kStart, {}, fmt::format(R"("version":"{}","events":{},"eventsAfter":{})", version, head_json(events.head()), head_json(events.beginning()))});
  const auto note_torn = [this](std::string_view which, const journal::Journal& of) {
    if (const auto& torn = of.torn_tail())
      note({kRecovered, {}, fmt::format(R"("journal":"{}","segment":{},"offset":{},"bytes":{},"end":{})", which, torn->ordinal, torn->offset, torn->bytes, head_json(of.head()))});
  };
  note_torn("events", events);
  note_torn("audit", *journal_);
  thread_ = std::thread([this] { run(); });
}

/// What nobody asked for cannot be refused either: a daemon must start on a full disk, to deliver what is there.
void Log::note(const Act& act) {
  if (const auto written = asked(act); !written) observability::log().error("audit: '{}' is not recorded: {}", act.type, describe(written.error()));
}

void Log::stop() {
  std::call_once(stopped_, [this] {
    if (thread_.joinable()) {
      {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
      }
      wake_.notify_all();
      thread_.join();
      write_denials();
      note({kStop, {}, fmt::format(R"("events":{})", head_json(events_->head()))});
      if (const auto made = checkpoint(); !made) observability::log().error("audit: no last checkpoint: {}", describe(made.error()));
    }
    if (journal_) journal_->close();
  });
}

Result<std::uint64_t> Log::append(std::string_view type, std::string_view principal, std::string_view payload) {
  std::string id;
  base::append_uuid7(clock_.wall().time_since_epoch().count(), random_, id);
  journal::RecordDraft draft;
  draft.id = id;
  draft.type = type;
  draft.key = "audit";
  draft.scope = base::utf8_prefix(principal, kMaxPrincipalBytes);
  draft.payload = payload;
  const auto receipts = journal_->append_wait({&draft, 1});
  Result<void> done;
  if (!receipts) done = fail(receipts.error().kind, "audit-log", "the audit log cannot be written: " + receipts.error().message, receipts.error().hint);
  set_problem(done, write_problem_);
  if (!done) return std::unexpected(done.error());
  records_.fetch_add(1, std::memory_order_relaxed);
  return receipts->front().sequence;
}

void Log::set_problem(const Result<void>& done, std::string& kept) {
  const std::lock_guard lock(mutex_);
  kept = done ? std::string() : describe(done.error());
}

Result<std::uint64_t> Log::asked(const Act& act) { return append(act.type, act.principal, asked_json(act)); }

Result<void> Log::ended(const Act& act, std::uint64_t of, const Error* error, std::string_view counts) {
  UE_TRY(append(act.type, act.principal, ended_json(act, of, error, counts)));
  return {};
}

Result<void> Log::note_removal(std::string_view which, const journal::Removal& removal) {
  std::string asked = fmt::format(R"("journal":"{}","segment":{},"first":{},"end":{},"lastTime":"{}")", which, removal.ordinal, removal.first_sequence,
                                  head_json(removal.end), base::time_text(removal.accepted_last_ms));
  // What this log forgets of the events' beginning is said again.
  if (which == "audit" && events_ != nullptr) asked += fmt::format(R"(,"eventsAfter":{})", head_json(events_->beginning()));
  UE_TRY(this->asked({kRemoved, {}, std::move(asked)}));
  // Anybody can write such a record behind the last signature, so it counts from the next one on.
  return events_ != nullptr ? checkpoint() : Result<void>();
}

// ---- refused requests ----

void Log::note_denial(std::string_view principal, std::string_view reason, std::string_view action) {
  if (!denials_.note(principal, reason, action)) return;
  {
    const std::lock_guard lock(mutex_);
    has_denials_ = true;
  }
  wake_.notify_all();
}

void Log::write_denials() {
  const std::string sums = denials_.take();
  if (sums.empty()) return;
  note({kDenied, {}, sums});
}

// ---- checkpoints ----

/// A checkpoint that says nothing new, on an idle daemon, is none.
bool Log::has_news() {
  const std::lock_guard lock(checkpoint_mutex_);
  return events_->head().sequence != checked_events_.sequence || journal_->durable_sequence() != checked_audit_;
}

Result<void> Log::checkpoint() {
  const std::lock_guard lock(checkpoint_mutex_);
  const auto events = events_->head();
  const Claims claims{clock_.wall().time_since_epoch().count(), {std::string(events_->lasting_id()), events}, {std::string(journal_->lasting_id()), journal_->head()}};
  const std::string text = signer_ ? sign(claims, *signer_) : to_json(claims);
  std::string payload;
  base::ObjectWriter object(payload);
  object.text("act", kCheckpoint);
  if (signer_)
    object.text("jws", text);
  else
    object.raw("claims", text);
  object.end();
  UE_TRY_ASSIGN(checked_audit_, append(kCheckpoint, {}, payload));
  checked_events_ = events;
  checkpoints_.fetch_add(1, std::memory_order_relaxed);
  checkpoint_ms_.store(claims.at_ms, std::memory_order_relaxed);
  if (!options_.publish_to.empty()) publish(text);
  return {};
}

void Log::publish(const std::string& text) {
  const auto done = append_line(options_.publish_to, text);
  set_problem(done, publish_problem_);
  if (!done) observability::log().error("audit: a checkpoint was made, but not published: {}", describe(done.error()));
}

void Log::run() {
  using std::chrono::steady_clock;
  auto next_checkpoint = steady_clock::now() + options_.checkpoint_every;
  auto next_denials = steady_clock::now();
  milliseconds pause = kFirstPause;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_until(lock, has_denials_ ? std::min(next_denials, next_checkpoint) : next_checkpoint);
    if (stopping_) break;
    const auto now = steady_clock::now();
    const bool takes_denials = has_denials_ && now >= next_denials;
    if (takes_denials) has_denials_ = false;
    lock.unlock();
    if (takes_denials) {
      // In a flood ever more rarely; after a quiet time as soon as at first.
      if (now - next_denials > pause) pause = kFirstPause;
      write_denials();
      next_denials = steady_clock::now() + pause;
      pause = std::min(pause * 2, kLongestPause);
    }
    if (now >= next_checkpoint) {
      if (has_news())
        if (const auto made = checkpoint(); !made) observability::log().error("audit: no checkpoint: {}", describe(made.error()));
      next_checkpoint = steady_clock::now() + options_.checkpoint_every;
    }
    lock.lock();
  }
}

Stats Log::stats() const {
  Stats out;
  const auto journal = journal_->stats();
  out.records = records_.load(std::memory_order_relaxed);
  out.last_sequence = journal.durable_sequence;
  out.disk_bytes = journal.disk_bytes;
  out.checkpoints = checkpoints_.load(std::memory_order_relaxed);
  out.checkpoint_ms = checkpoint_ms_.load(std::memory_order_relaxed);
  out.is_signed = signer_.has_value();
  const std::lock_guard lock(mutex_);
  out.problem = !write_problem_.empty() ? write_problem_ : !publish_problem_.empty() ? publish_problem_ : journal.problem;
  return out;
}

}  // namespace user_events::audit
