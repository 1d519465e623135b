// One loop, one thread: read the journal into the core, do what the core says, collect the outcomes, save. Nothing waits
// anywhere but in the destination's `poll`, which the journal's listener and `stop` can wake.
#include "delivery/runner.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/hash64.h"
#include "base/try.h"
#include "base/type_filter.h"
#include "delivery/chunk_window.h"
#include "delivery/core.h"
#include "delivery/start_position.h"
#include "observability/log.h"
#include "ports/random.h"

namespace user_events::delivery {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSaveEvery{250};     ///< The position, while it changes.
constexpr milliseconds kIdleWait{1'000};    ///< Longest sleep; everything that matters wakes earlier.
constexpr milliseconds kBusyWait{100};      ///< Until a busy destination is asked again, unless it reports earlier.
constexpr milliseconds kTroubleWait{1'000}; ///< Until a failed journal read or a failed store is tried again.
constexpr milliseconds kMeasureEvery{1'000};
constexpr std::uint32_t kActionBatch = 2'048;  ///< Actions between two polls.
constexpr std::size_t kLetterBatch = 256;      ///< Dead letters in one transaction.
constexpr std::size_t kLetterBatchBytes = 4u << 20;

struct ToStore {
  std::uint64_t sequence;
  bool head;
};

milliseconds until(Time then, Time now) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(then - now));
}

std::unexpected<Error> undecodable(std::uint64_t sequence, const Error& error) {
  return fail(ErrorKind::damaged, error.code, "the record " + std::to_string(sequence) + " cannot be read: " + error.message,
              error.hint);
}

/// Signals belong to the threads of the program; a write to a closed pipe must be an error here, not the end of the process.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

struct Runner::Impl {
  Impl(const DestinationOptions& o, std::unique_ptr<destinations::Destination> d, journal::Journal& j, state::State& s,
       const ports::Clock& c, base::TypeFilter f, StartPosition start)
      : options(o), destination(std::move(d)), journal(j), state(s), clock(c), filter(std::move(f)),
        key_seed(ports::system_random().next_u64()), start_note(std::move(start.note)), core(core_options(), start.position),
        reader(j.reader(start.position.low_water)), read_up_to(start.position.low_water) {
    low_water.store(start.position.low_water);
    lost_to_retention.store(start.lost_to_retention);
  }
  ~Impl() { stop(milliseconds(0)); }

  [[nodiscard]] CoreOptions core_options() const;
  Result<void> prepare();
  void stop(milliseconds deadline);

  // The loop's parts, on the runner's thread.
  void run();
  void read_more();
  [[nodiscard]] Result<void> take_chunk();
  void offer_unread();
  void skip_expired();
  [[nodiscard]] bool act();
  [[nodiscard]] Result<destinations::SendStatus> send(const Action& action);
  void store_letters();
  [[nodiscard]] std::vector<state::DeadLetter> letters_to_store();
  void collect(milliseconds timeout);
  void apply(const destinations::Report& report, Time now);
  void follow_health();
  void save_if_due(bool now_please);
  void note_progress() noexcept { position_changed = progressed = true; }
  void publish();
  void measure_lag();
  [[nodiscard]] milliseconds sleep_time(bool more_to_do);
  [[nodiscard]] bool may_read() const;
  [[nodiscard]] bool has_finished();
  void finish();
  /// Says so in the log when it is new; empty: it is over.
  void set_problem(std::string& which, std::string text);
  [[nodiscard]] Time now() const { return clock.steady(); }

  const DestinationOptions options;
  const std::unique_ptr<destinations::Destination> destination;
  journal::Journal& journal;
  state::State& state;
  const ports::Clock& clock;
  const base::TypeFilter filter;
  const std::uint64_t key_seed;
  const std::string start_note;

  mutable std::mutex core_mutex;  // held for one batch; another thread only asks is_done
  Core core;

  // Of the runner's thread.
  journal::Reader reader;
  std::uint64_t read_up_to;       // last sequence read from the journal
  journal::Chunk unread;          // the chunk being offered, from `unread_at` on
  std::size_t unread_at = 0;
  std::uint64_t expired_until = 0;  // sequences below are gone from the journal
  ChunkWindow window;
  std::string last_type;          // types come in runs: the filter is asked when it changes
  bool last_type_matches = false;
  std::vector<ToStore> to_store;  // at most the window
  std::unordered_map<std::uint64_t, std::string> reasons;  // of attempts that failed, for their dead letters
  std::vector<destinations::Report> reports;
  bool busy = false;
  bool position_changed = false;  // since it was saved
  bool progressed = false;        // since the listener was told
  bool resume_saved = false;      // a resume state of the destination is durable
  bool must_save_first = false;
  std::optional<destinations::HealthState> last_health;
  std::optional<Time> read_again_at, store_again_at;
  Time save_at{}, measure_at{};

  // Shared.
  std::atomic<std::uint64_t> low_water{0}, delivered{0}, sent{0}, retries{0}, in_doubt{0}, refused{0}, dead_letters{0},
      lost_to_retention{0}, lag_bytes{0};
  std::atomic<std::uint32_t> in_flight{0}, pending{0};
  std::atomic<std::int64_t> oldest_accepted_ms{0};  // of the record after the low-water mark; 0: none
  std::atomic<bool> sleeping{false}, stopping{false};
  std::atomic<Time::rep> stop_at{0};
  mutable std::mutex problem_mutex;
  std::string read_problem, store_problem, save_problem;
  std::mutex listener_mutex;
  std::function<void()> listener;
  std::mutex stop_mutex;
  std::uint64_t journal_token = 0;
  std::thread thread;
};

CoreOptions Runner::Impl::core_options() const {
  CoreOptions out;
  out.window_events = options.window_events;
  out.max_in_flight = destination->features().max_in_flight;
  out.ordered_pipeline = destination->features().ordered_pipeline;
  out.retry = options.retry;
  out.seed = ports::system_random().next_u64();
  return out;
}

/// What must be right before the thread begins.
Result<void> Runner::Impl::prepare() {
  UE_TRY_ASSIGN(const auto held, state.held_keys(options.name));
  for (const auto& key : held) core.hold_key(base::hash64(key, key_seed));
  UE_TRY_ASSIGN(const auto stored, state.dead_letter_count(options.name));
  dead_letters.store(stored);
  return {};
}

bool Runner::Impl::may_read() const {
  return core.wants_more() && window.has_room() && !read_again_at &&
         (unread_at < unread.size() || read_up_to < journal.durable_sequence() || core.next_offer() < expired_until);
}

void Runner::Impl::read_more() {
  if (read_again_at && now() >= *read_again_at) read_again_at.reset();
  while (may_read()) {
    if (core.next_offer() < expired_until) {
      skip_expired();
    } else if (unread_at < unread.size()) {
      offer_unread();
    } else if (auto taken = take_chunk(); !taken) {
      // Damage is never skipped: the reader answers the same again until somebody repaired it.
      set_problem(read_problem, "journal: " + describe(taken.error()));
      read_again_at = now() + kTroubleWait;
    } else if (unread.empty()) {
      break;
    }
  }
}

Result<void> Runner::Impl::take_chunk() {
  auto chunk = reader.next();
  if (!chunk && chunk.error().code == "expired") {
    expired_until = journal.stats().first_sequence;
    const std::uint64_t gone = expired_until - core.next_offer();
    lost_to_retention.fetch_add(gone);
    observability::log().error("destination '{}': {} events from sequence {} on were removed by retention before delivery",
                               options.name, gone, core.next_offer());
    reader.seek(expired_until - 1);
    read_up_to = expired_until - 1;
    return {};
  }
  if (!chunk) return std::unexpected(std::move(chunk).error());
  unread = std::move(*chunk);
  unread_at = 0;
  if (unread.empty()) return {};
  if (unread.first_sequence() != read_up_to + 1) {
    const std::uint64_t first = unread.first_sequence();
    unread = {};
    reader.seek(read_up_to);
    return fail(ErrorKind::damaged, "journal-gap",
                "after record " + std::to_string(read_up_to) + " comes record " + std::to_string(first));
  }
  read_up_to = unread.last_sequence();
  window.push(unread);
  set_problem(read_problem, {});
  return {};
}

void Runner::Impl::offer_unread() {
  std::lock_guard lock(core_mutex);
  for (; unread_at < unread.size() && core.wants_more(); ++unread_at) {
    const auto& record = unread[unread_at];
    if (record.type != last_type) {
      last_type = record.type;
      last_type_matches = filter.matches(record.type);
    }
    if (last_type_matches)
      core.offer(record.sequence, base::hash64(record.key, key_seed));
    else
      core.skip(record.sequence);
  }
  note_progress();
}

void Runner::Impl::skip_expired() {
  std::lock_guard lock(core_mutex);
  while (core.wants_more() && core.next_offer() < expired_until) core.skip(core.next_offer());
  note_progress();
}

/// True if there is more to do at once.
bool Runner::Impl::act() {
  // While it is not known what the broker has, nothing is stored either: a held event could be there already.
  busy = last_health == destinations::HealthState::starting || last_health == destinations::HealthState::reconciling;
  busy = busy || must_save_first;
  if (busy) return false;
  const Time at = now();
  std::uint32_t count = 0;
  std::lock_guard lock(core_mutex);
  for (; count < kActionBatch; ++count) {
    const auto action = core.next_action(at);
    if (!action) return false;
    if (action->kind != ActionKind::send) {
      to_store.push_back({action->sequence, action->kind == ActionKind::dead_letter});
      continue;
    }
    const auto status = send(*action);
    if (status && *status == destinations::SendStatus::queued) continue;
    core.unsent(action->sequence);
    if (!status) {
      set_problem(read_problem, "journal: " + describe(status.error()));
      read_again_at = at + kTroubleWait;
    }
    busy = true;
    return false;
  }
  return true;
}

Result<destinations::SendStatus> Runner::Impl::send(const Action& action) {
  const auto* record = window.find(action.sequence);
  if (record == nullptr)
    return fail(ErrorKind::internal, "window", "record " + std::to_string(action.sequence) + " is not in memory");
  auto envelope = encoding::view(record->id, record->type, record->key, record->payload);
  if (!envelope) return undecodable(action.sequence, envelope.error());
  const auto status = destination->send({*envelope, {journal.id(), action.sequence}, action.attempt});
  if (status == destinations::SendStatus::queued) sent.fetch_add(1, std::memory_order_relaxed);
  return status;
}

std::vector<state::DeadLetter> Runner::Impl::letters_to_store() {
  std::vector<state::DeadLetter> letters;
  std::size_t bytes = 0;
  for (const ToStore& one : to_store) {
    if (letters.size() >= kLetterBatch || bytes >= kLetterBatchBytes) break;
    const auto* record = window.find(one.sequence);
    if (record == nullptr) break;
    const auto reason = reasons.find(one.sequence);
    state::DeadLetter letter;
    letter.sequence = one.sequence;
    letter.head = one.head;
    letter.id = record->id;
    letter.type = record->type;
    letter.key = record->key;
    letter.reason = !one.head ? "waits behind a dead letter of the same key" : reason != reasons.end() ? reason->second : "refused";
    letter.since_ms = clock.wall().time_since_epoch().count();
    letter.payload = record->payload;
    bytes += record->payload.size();
    letters.push_back(std::move(letter));
  }
  return letters;
}

void Runner::Impl::store_letters() {
  if (to_store.empty() || (store_again_at && now() < *store_again_at)) return;
  const auto letters = letters_to_store();
  const auto added = state.store_dead_letters(options.name, letters);
  if (!added) {
    store_again_at = now() + kTroubleWait;
    return set_problem(store_problem, "a dead letter cannot be stored: " + describe(added.error()));
  }
  store_again_at.reset();
  set_problem(store_problem, {});
  dead_letters.fetch_add(*added);
  for (const auto& letter : letters)
    if (letter.head)
      observability::log().warn("destination '{}': event {} (sequence {}) is a dead letter: {}", options.name, letter.id,
                                letter.sequence, letter.reason);
  std::lock_guard lock(core_mutex);
  for (const auto& letter : letters) {
    core.stored(letter.sequence);
    reasons.erase(letter.sequence);
  }
  to_store.erase(to_store.begin(), to_store.begin() + static_cast<std::ptrdiff_t>(letters.size()));
  note_progress();
}

void Runner::Impl::collect(milliseconds timeout) {
  reports.clear();
  destination->poll(reports, timeout);
  if (reports.empty()) return;
  const Time at = now();
  std::lock_guard lock(core_mutex);
  for (const auto& report : reports) apply(report, at);
}

void Runner::Impl::apply(const destinations::Report& report, Time at) {
  using destinations::Outcome;
  if (report.outcome == Outcome::accepted) {
    if (!core.is_done(report.sequence)) {
      delivered.fetch_add(1, std::memory_order_relaxed);
      note_progress();
    }
    if (!reasons.empty()) reasons.erase(report.sequence);
  } else {
    auto& counter = report.outcome == Outcome::retry ? retries : report.outcome == Outcome::in_doubt ? in_doubt : refused;
    counter.fetch_add(1, std::memory_order_relaxed);
    if (report.outcome == Outcome::refused)
      reasons[report.sequence] = report.reason;
    else if (options.retry.attempts != 0)
      reasons[report.sequence] = "given up after " + std::to_string(options.retry.attempts) + " attempts: " + report.reason;
  }
  core.result(report.sequence, report.outcome, at);
}

/// A destination that reconciles knows only now and then, after it looked, where to read from next time: that must be durable
/// before the first send, or a crash right after that send could not be reconciled.
void Runner::Impl::follow_health() {
  const auto state_now = destination->health().state;
  const bool is_new = state_now == destinations::HealthState::up && last_health != destinations::HealthState::up;
  last_health = state_now;
  if (!destination->features().reconciles) return;
  const auto unsaved = [this] { return !resume_saved && !destination->resume_state().empty(); };
  if (is_new || unsaved()) save_if_due(true);
  must_save_first = unsaved();
}

void Runner::Impl::save_if_due(bool now_please) {
  if (!now_please && (!position_changed || now() < save_at)) return;
  state::SavedPosition saved;
  {
    std::lock_guard lock(core_mutex);
    auto position = core.position();
    saved.low_water = position.low_water;
    saved.acknowledged = std::move(position.acknowledged);
  }
  saved.journal_id = journal.id();
  saved.resume = destination->resume_state();
  const auto done = state.save_position(options.name, saved);
  save_at = now() + kSaveEvery;
  position_changed = !done;
  resume_saved = resume_saved || (done && !saved.resume.empty());
  set_problem(save_problem, done ? std::string() : "the position cannot be saved: " + describe(done.error()));
  if (!done) save_at = now() + kTroubleWait;
}

void Runner::Impl::measure_lag() {
  if (now() < measure_at) return;
  measure_at = now() + kMeasureEvery;
  const auto stats = journal.stats();
  const std::uint64_t held = stats.durable_sequence + 1 - std::min(stats.first_sequence, stats.durable_sequence + 1);
  const std::uint64_t mark = low_water.load();
  const std::uint64_t lag = stats.durable_sequence > mark ? stats.durable_sequence - mark : 0;
  lag_bytes.store(held == 0 ? 0 : stats.disk_bytes / held * lag);
}

void Runner::Impl::publish() {
  std::uint64_t mark = 0;
  {
    std::lock_guard lock(core_mutex);
    mark = core.low_water();
    in_flight.store(core.in_flight(), std::memory_order_relaxed);
    pending.store(core.pending(), std::memory_order_relaxed);
  }
  low_water.store(mark);
  window.drop_through(mark);
  const auto* oldest = window.find(mark + 1);
  oldest_accepted_ms.store(oldest == nullptr ? 0 : oldest->accepted_ms);
  measure_lag();
  if (!std::exchange(progressed, false)) return;
  std::lock_guard lock(listener_mutex);
  if (listener) listener();
}

void Runner::Impl::set_problem(std::string& which, std::string text) {
  std::lock_guard lock(problem_mutex);
  if (which == text) return;
  if (!text.empty()) observability::log().error("destination '{}': {}", options.name, text);
  which = std::move(text);
}

milliseconds Runner::Impl::sleep_time(bool more_to_do) {
  if (more_to_do || may_read()) return milliseconds(0);
  const Time at = now();
  milliseconds time = busy ? kBusyWait : kIdleWait;
  if (position_changed) time = std::min(time, until(save_at, at));
  if (read_again_at) time = std::min(time, until(*read_again_at, at));
  if (!to_store.empty()) time = std::min(time, store_again_at ? until(*store_again_at, at) : milliseconds(0));
  if (!busy)
    if (const auto wakeup = core.next_wakeup()) time = std::min(time, until(*wakeup, at));
  if (stopping) time = std::min(time, until(Time(Time::duration(stop_at.load())), at));
  return time;
}

bool Runner::Impl::has_finished() {
  if (now() >= Time(Time::duration(stop_at.load()))) return true;
  const bool idle = core.in_flight() == 0 && to_store.empty();
  const bool everything_done = idle && core.pending() == 0 && unread_at >= unread.size() && read_up_to >= journal.durable_sequence();
  return everything_done || (idle && (last_health == destinations::HealthState::down || read_again_at.has_value()));
}

void Runner::Impl::run() {
  block_signals();
  for (;;) {
    follow_health();
    read_more();
    const bool more_to_do = act();
    store_letters();
    if (stopping && has_finished()) break;
    auto timeout = sleep_time(more_to_do);
    if (timeout.count() > 0) {
      sleeping.store(true);
      // Looked at again after saying so: whoever advances the journal or stops us now will wake the poll.
      if (may_read() || (stopping && has_finished())) timeout = milliseconds(0);
    }
    collect(timeout);
    sleeping.store(false);
    save_if_due(false);
    publish();
  }
  finish();
}

void Runner::Impl::finish() {
  destination->close(until(Time(Time::duration(stop_at.load())), now()));
  collect(milliseconds(0));
  store_letters();
  save_if_due(true);
  progressed = true;
  publish();
}

void Runner::Impl::stop(milliseconds deadline) {
  std::lock_guard lock(stop_mutex);
  if (!thread.joinable()) return;
  stop_at.store((now() + deadline).time_since_epoch().count());
  stopping.store(true);
  destination->wake();
  thread.join();
  journal.remove_listener(journal_token);
}

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::~Runner() = default;

Result<std::unique_ptr<Runner>> Runner::start(const DestinationOptions& options,
                                              std::unique_ptr<destinations::Destination> destination,
                                              journal::Journal& journal, state::State& state, const ports::Clock& clock) {
  UE_TRY_ASSIGN(auto filter, base::TypeFilter::parse(options.types));
  UE_TRY_ASSIGN(auto start, find_start(options, journal, state));
  UE_TRY(destination->start(start.resume, journal.id(), start.position.low_water));
  auto impl = std::make_unique<Impl>(options, std::move(destination), journal, state, clock, std::move(filter), std::move(start));
  UE_TRY(impl->prepare());
  Impl* one = impl.get();
  one->journal_token = journal.add_listener([one](std::uint64_t) {
    if (one->sleeping.exchange(false)) one->destination->wake();
  });
  one->thread = std::thread([one] { one->run(); });
  return std::unique_ptr<Runner>(new Runner(std::move(impl)));
}

RunnerStats Runner::stats() const {
  const Impl& one = *impl_;
  RunnerStats out;
  out.low_water = one.low_water;
  out.delivered = one.delivered;
  out.sent = one.sent;
  out.retries = one.retries;
  out.in_doubt = one.in_doubt;
  out.refused = one.refused;
  out.dead_letters = one.dead_letters;
  out.lost_to_retention = one.lost_to_retention;
  out.in_flight = one.in_flight;
  out.pending = one.pending;
  out.lag_bytes = one.lag_bytes;
  if (const auto oldest = one.oldest_accepted_ms.load(); oldest != 0)
    out.lag_age = std::max(milliseconds(0), one.clock.wall().time_since_epoch() - milliseconds(oldest));
  out.health = one.destination->health();
  if (!one.start_note.empty()) out.health.notes.push_back(one.start_note);
  std::lock_guard lock(one.problem_mutex);
  const std::string& problem = one.read_problem.empty() ? one.store_problem : one.read_problem;
  if (!problem.empty()) {
    out.health.state = destinations::HealthState::down;
    out.health.detail = problem;
  } else if (!one.save_problem.empty()) {
    out.health.detail = one.save_problem;  // it delivers all the same; only a restart would repeat more
  }
  return out;
}

std::uint64_t Runner::low_water() const noexcept { return impl_->low_water.load(); }

bool Runner::is_done(std::uint64_t sequence) const {
  if (sequence <= low_water()) return true;
  std::lock_guard lock(impl_->core_mutex);
  return impl_->core.is_done(sequence);
}

std::string Runner::progress_state(std::uint64_t sequence) const {
  if (!is_done(sequence)) return "pending";
  if (impl_->dead_letters.load() > 0) {
    const auto letters = impl_->state.dead_letters(impl_->options.name, sequence - 1, 1);
    if (letters && !letters->empty() && letters->front().sequence == sequence) return "dead-letter";
  }
  const auto chunk = impl_->journal.reader(sequence - 1).next();
  const bool filtered = chunk && !chunk->empty() && chunk->first_sequence() == sequence && !impl_->filter.matches((*chunk)[0].type);
  return filtered ? "filtered" : "delivered";
}

void Runner::set_progress_listener(std::function<void()> listener) {
  std::lock_guard lock(impl_->listener_mutex);
  impl_->listener = std::move(listener);
}

void Runner::stop(std::chrono::milliseconds deadline) { impl_->stop(deadline); }

}  // namespace user_events::delivery
