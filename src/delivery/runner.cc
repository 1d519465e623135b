// One loop, one thread: read the journal into the core, do what the core says, collect the outcomes, save. Nothing waits
// anywhere but in the destination's `poll`, which the journal's listener and `stop` can wake.
#include "delivery/runner.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/hash64.h"
#include "base/try.h"
#include "delivery/runner_impl.h"
#include "observability/log.h"
#include "ports/random.h"

namespace user_events::delivery {
namespace {

constexpr milliseconds kIdleWait{1'000};    ///< Longest sleep; everything that matters wakes earlier.
constexpr milliseconds kMeasureEvery{1'000};  ///< Letters are counted, when they have changed.
constexpr milliseconds kBusyWait{100};      ///< Until a busy destination is asked again, unless it reports earlier.

milliseconds until(Time then, Time now) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(then - now));
}

/// What the journal's events after `mark` take on disk, by the mean of those that it holds.
std::uint64_t estimated_bytes(const journal::Stats& journal, std::uint64_t mark) {
  const std::uint64_t end = journal.durable_sequence;
  const std::uint64_t held = end + 1 - std::min(journal.first_sequence, end + 1);
  return held == 0 || mark >= end ? 0 : journal.disk_bytes / held * (end - mark);
}

/// Signals belong to the threads of the program; a write to a closed pipe must be an error here, not the end of the process. What is started
/// meanwhile (this thread, those of a destination) inherits it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Runner::Impl::Impl(const DestinationOptions& o, std::unique_ptr<destinations::Destination> d, std::unique_ptr<encoding::Encoder> e,
                   journal::Journal& j, state::State& s, const ports::Clock& c, ports::Random& r, base::TypeFilter f, StartPosition start,
                   const privacy::RecordOpener& given)
    : options(o),
      destination(std::move(d)),
      encoder(std::move(e)),
      journal(j),
      state(s),
      clock(c),
      random(r),
      filter(std::move(f)),
      opener(given),
      key_seed(random.next_u64()),
      max_in_flight(destination->features().max_in_flight),
      start_note(std::move(start.note)),
      start_is_saved(start.same_journal),
      circuit(o.retry, random.next_u64()),
      core(core_options(), start.position),
      letter_store(s, o.name, c),
      desk(desk_options(), circuit, letter_store, [this](std::string_view key) { return base::hash64(key, key_seed); }),
      reader(j.reader(start.position.low_water)),
      read_up_to(start.position.low_water),
      replay_until(start.replay_until),
      replay_mark(start.replay),
      low_water(start.position.low_water),
      saved_low_water(start.position.low_water),
      lost_to_retention(start.lost_to_retention) {}

DeskOptions Runner::Impl::desk_options() const {
  DeskOptions out;
  out.retry = options.retry;
  out.hold = options.on_dead_letter == DeadLetterAction::hold;
  out.copies = !options.dead_letter_topic.empty();
  // The journal's events are to go on while many letters are replayed.
  out.max_in_flight = std::max(max_in_flight / 4, 1u);
  out.journal_id = journal.id();
  out.seed = random.next_u64();
  return out;
}

CoreOptions Runner::Impl::core_options() {
  CoreOptions out;
  out.window_events = options.window_events;
  out.max_in_flight = max_in_flight;
  out.ordered_pipeline = destination->features().ordered_pipeline;
  out.retry = options.retry;
  out.hold = options.on_dead_letter == DeadLetterAction::hold;
  out.park_after = options.park_after;
  out.circuit = &circuit;
  out.seed = random.next_u64();
  return out;
}

/// What must be right before the thread begins.
Result<void> Runner::Impl::prepare() {
  UE_TRY_ASSIGN(volume, Volume::make(options.volume, opener));
  UE_TRY_ASSIGN(gaps, state.gaps(options.name, journal.id()));
  UE_TRY(load_lines());
  // Stored, but perhaps not in the saved position: it must not go out as if nothing had happened.
  UE_TRY_ASSIGN(const auto skipped, state.skipped_sequences(options.name, journal.id(), std::max(core.low_water(), replay_until)));
  for (const auto sequence : skipped) core.result(sequence, Outcome::accepted, now());
  UE_TRY_ASSIGN(const bool is_paused, state.is_paused(options.name));
  paused.store(is_paused);
  count_letters();
  return {};
}

void Runner::Impl::note_oldest() {
  const auto* oldest = window.find(low_water.load() + 1);
  oldest_accepted_ms.store(oldest == nullptr ? 0 : oldest->accepted_ms);
}

void Runner::Impl::publish() {
  std::uint64_t mark = 0;
  {
    std::lock_guard lock(core_mutex);
    mark = core.low_water();
    in_flight.store(core.in_flight() + static_cast<std::uint32_t>(desk.in_flight()), std::memory_order_relaxed);
    pending.store(core.pending(), std::memory_order_relaxed);
  }
  circuit_open.store(circuit.is_open(), std::memory_order_relaxed);
  replayed.store(desk.delivered(), std::memory_order_relaxed);
  low_water.store(mark);
  window.drop_through(mark);
  note_oldest();
  if (now() >= measure_at) {
    measure_at = now() + kMeasureEvery;
    count_letters();
  }
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
  if (const auto close = volume.next_close_ms(); close != 0 && is_at_end())
    time = std::min(time, std::max(milliseconds(1), milliseconds(close) + kFoldGrace - clock.wall().time_since_epoch()));
  if (read_again_at) time = std::min(time, until(*read_again_at, at));
  if (!to_store.empty()) time = std::min(time, store_again_at ? until(*store_again_at, at) : milliseconds(0));
  if (!busy)
    for (const auto& wakeup : {core.next_wakeup(), desk.next_wakeup(), settle_again_at})
      if (wakeup) time = std::min(time, until(*wakeup, at));
  if (!busy && !settle_again_at && desk.has_work()) return milliseconds(0);
  if (stopping) time = std::min(time, until(Time(Time::duration(stop_at.load())), at));
  return time;
}

bool Runner::Impl::has_finished() {
  if (now() >= Time(Time::duration(stop_at.load()))) return true;
  const bool idle = core.in_flight() == 0 && desk.in_flight() == 0 && (to_store.empty() || store_again_at);
  const bool everything_done = idle && core.pending() == core.folding() && is_at_end();
  return everything_done || (idle && (last_health == destinations::HealthState::down || read_again_at || halted || paused || store_again_at));
}

void Runner::Impl::run() {
  while (turn()) {
  }
  finish();
}

bool Runner::Impl::turn() {
  follow_health();
  run_commands();
  work_on_letters();
  read_more();
  if (oldest_accepted_ms.load() == 0) note_oldest();  // before a destination that may block
  close_folds();
  const bool more_to_do = act();
  store_letters();
  if (stopping && has_finished()) return false;
  auto timeout = sleep_time(more_to_do);
  if (timeout.count() > 0) {
    wants_news.store(has_use_for_more());
    // Looked at again after saying so: whoever advances the journal or stops us now will wake the poll.
    if (may_read() || (stopping && has_finished())) timeout = milliseconds(0);
  }
  collect(timeout);
  wants_news.store(false);
  save_if_due(false);
  publish();
  return true;
}

void Runner::Impl::finish() {
  destination->close(until(Time(Time::duration(stop_at.load())), now()));
  collect(milliseconds(0));
  work_on_letters();
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
  {
    std::lock_guard commands_lock(command_mutex);
    ended = true;
    for (auto& command : commands) command.done.set_value(fail(ErrorKind::unavailable, "stopping", "the destination is stopping; nothing was changed"));
    commands.clear();
  }
  journal.remove_listener(journal_token);
}

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::~Runner() = default;

Result<std::unique_ptr<Runner::Impl>> Runner::Impl::make(const DestinationOptions& options, std::unique_ptr<destinations::Destination> destination,
                                                         std::unique_ptr<encoding::Encoder> encoder, journal::Journal& journal, state::State& state, const ports::Clock& clock,
                                                         ports::Random& random, const privacy::RecordOpener& opener) {
  UE_TRY_ASSIGN(auto filter, base::TypeFilter::parse(options.types));
  UE_TRY_ASSIGN(auto start, find_start(options, journal, state, clock));
  UE_TRY(destination->start(start.resume, journal.id(), start.position.low_water));
  auto impl = std::make_unique<Impl>(options, std::move(destination), std::move(encoder), journal, state, clock, random, std::move(filter), std::move(start), opener);
  UE_TRY(impl->prepare());
  return impl;
}

Result<std::unique_ptr<Runner>> Runner::start(const DestinationOptions& options,
                                              std::unique_ptr<destinations::Destination> destination,
                                              std::unique_ptr<encoding::Encoder> encoder, journal::Journal& journal, state::State& state,
                                              const ports::Clock& clock, const privacy::RecordOpener& opener) {
  const SignalsBlocked blocked;
  UE_TRY_ASSIGN(auto impl, Impl::make(options, std::move(destination), std::move(encoder), journal, state, clock, ports::system_random(), opener));
  Impl* one = impl.get();
  one->journal_token = journal.add_listener([one](std::uint64_t) {
    if (one->wants_news.exchange(false)) one->destination->wake();
  });
  one->thread = std::thread([one] { one->run(); });
  return std::unique_ptr<Runner>(new Runner(std::move(impl)));
}

RunnerStats Runner::stats() const {
  const Impl& one = *impl_;
  RunnerStats out;
  out.low_water = one.low_water;
  out.saved_low_water = one.saved_low_water;
  out.delivered = one.delivered;
  out.sent = one.sent;
  out.retries = one.retries;
  out.in_doubt = one.in_doubt;
  out.refused = one.refused;
  out.dropped = one.dropped;
  out.folded = one.folded;
  out.erased = one.erased;
  out.unmapped = one.unmapped;
  out.dead_letters = one.dead_letters;
  out.replayed = one.replayed;
  out.paused = one.paused;
  out.circuit_open = one.circuit_open;
  out.lost_to_retention = one.lost_to_retention;
  out.in_flight = one.in_flight;
  out.pending = one.pending;
  out.lag_bytes = estimated_bytes(one.journal.stats(), out.low_water);
  if (const auto oldest = one.oldest_accepted_ms.load(); oldest != 0)
    out.lag_age = std::max(milliseconds(0), one.clock.wall().time_since_epoch() - milliseconds(oldest));
  out.health = one.destination->health();
  if (!one.start_note.empty()) out.health.notes.push_back(one.start_note);
  std::lock_guard lock(one.problem_mutex);
  out.gaps = one.gaps;
  out.letters = one.letter_counts;
  for (const auto* problem : {&one.letter_problem, &one.store_problem, &one.read_problem, &one.found_problem, &one.record_problem}) {
    if (problem->empty()) continue;
    out.health.state = destinations::HealthState::down;
    out.health.detail = *problem;
  }
  // It delivers all the same: only a restart would repeat more, only some events wait.
  if (out.health.detail.empty()) out.health.detail = one.save_problem;
  if (out.health.detail.empty()) out.health.detail = one.encoder->waits_for();
  return out;
}

std::uint64_t Runner::low_water() const noexcept { return impl_->low_water.load(); }

bool Runner::is_done(std::uint64_t sequence) const {
  if (sequence <= low_water()) return true;
  std::lock_guard lock(impl_->core_mutex);
  return impl_->core.is_done(sequence);
}

bool Runner::Impl::is_lost(std::uint64_t sequence) const {
  std::lock_guard lock(problem_mutex);
  return std::ranges::any_of(gaps, [sequence](const state::Gap& gap) { return gap.covers(sequence); });
}

std::string Runner::progress_state(std::uint64_t sequence) const {
  if (impl_->is_lost(sequence)) return "lost";
  if (!is_done(sequence)) {
    // In this order: what the journal no longer holds cannot be read any more.
    const bool is_gone = sequence < impl_->journal.stats().first_sequence && sequence > impl_->read_up_to;
    return is_gone ? "lost" : "pending";
  }
  if (const auto letter = impl_->state.find_event(impl_->options.name, impl_->journal.id(), sequence); letter && *letter) {
    if (!**letter) return "discarded";
    const bool given_up = ***letter == DeadLetterState::dead || ***letter == DeadLetterState::skipped;
    return given_up ? "dead-letter" : "held";
  }
  if (impl_->is_left_out(sequence)) return "filtered";
  const auto chunk = impl_->journal.reader(sequence - 1).next();
  const bool filtered = chunk && !chunk->empty() && chunk->first_sequence() == sequence && !impl_->filter.matches((*chunk)[0].type);
  return filtered ? "filtered" : "delivered";
}

std::string Runner::progress_up_to(std::uint64_t sequence) const {
  if (low_water() < sequence) return "pending";
  {
    std::lock_guard lock(impl_->problem_mutex);
    if (std::ranges::any_of(impl_->gaps, [sequence](const state::Gap& gap) { return gap.first <= sequence; })) return "lost";
  }
  const auto letters = impl_->state.letters_up_to(impl_->options.name, impl_->journal.id(), sequence);
  if (letters && letters->given_up) return "dead-letter";
  return letters && letters->waits ? "held" : "delivered";
}

void Runner::set_progress_listener(std::function<void()> listener) {
  std::lock_guard lock(impl_->listener_mutex);
  impl_->listener = std::move(listener);
}

void Runner::stop(std::chrono::milliseconds deadline) { impl_->stop(deadline); }

}  // namespace user_events::delivery
