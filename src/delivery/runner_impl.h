// The inside of a Runner. Its functions lie, by subject, in runner.cc (the loop and the public face), runner_reading.cc (journal → core),
// runner_sending.cc (core → destination and back), runner_storing.cc (dead letters and the position), runner_letters.cc (what goes out from the
// dead letter store) and runner_commands.cc (what people ask for).
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/type_filter.h"
#include "delivery/chunk_window.h"
#include "delivery/core.h"
#include "delivery/letter_desk.h"
#include "delivery/runner.h"
#include "delivery/start_position.h"
#include "delivery/volume.h"
#include "ports/random.h"

namespace user_events::delivery {

using std::chrono::milliseconds;

/// Found in one reconciliation: more is forgotten, and sent again. Normally at most what was in flight and not yet saved.
inline constexpr std::size_t kMaxFound = 1'000'000;
/// After the end of a fold's window, for events that were accepted in it and became durable after it.
inline constexpr milliseconds kFoldGrace{2'000};
inline constexpr std::size_t kMaxLeftOut = 65'536;  ///< Events that volume rules left out lately, for `progress_state`.
inline constexpr milliseconds kTroubleWait{1'000};  ///< Until a failed journal read or a failed store is tried again.

/// The dead letter store of one destination, as its desk sees it.
class StoreOfDestination final : public LetterStore {
 public:
  StoreOfDestination(state::State& state, std::string destination, const ports::Clock& clock)
      : state_(state), destination_(std::move(destination)), clock_(clock) {}
  Result<std::optional<state::Letter>> first_in_line(const std::string& key) override { return state_.first_in_line(destination_, key); }
  Result<std::vector<state::Letter>> loose_letters(std::uint64_t after, std::size_t limit) override {
    return state_.loose_letters(destination_, after, limit);
  }
  Result<void> settle(std::span<const state::LetterEnd> ends) override {
    return state_.settle(destination_, ends, clock_.wall().time_since_epoch().count());
  }
  std::uint32_t rate(std::uint64_t request) override;
  void forget_rates() { rates_.clear(); }

 private:
  state::State& state_;
  const std::string destination_;
  const ports::Clock& clock_;
  std::unordered_map<std::uint64_t, std::uint32_t> rates_;
};

/// What came of the attempt to encode an event and hand it to the destination.
enum class Handover : std::uint8_t {
  queued,
  busy,       ///< The destination took it not: neither this nor another one.
  not_now,    ///< It cannot be encoded yet.
  refused,    ///< It can never be encoded: `encoding_reason` says why.
  erased,     ///< Its user was forgotten: there is nothing to send.
  unmapped,   ///< It has no counterpart there.
};

/// Something to be done on the runner's thread.
struct Command {
  enum class Needs : std::uint8_t {
    nothing,
    quiet_desk,  ///< No letter in flight.
    quiet,       ///< Nothing at all in flight or on its way into the store, and it is known what the destination has.
  };
  Needs needs = Needs::nothing;
  std::move_only_function<Result<void>()> run;
  std::promise<Result<void>> done;
  std::shared_ptr<std::atomic<bool>> given_up;  ///< The caller waits no longer.
};

struct Runner::Impl {
  Impl(const DestinationOptions& options, std::unique_ptr<destinations::Destination> destination, std::unique_ptr<encoding::Encoder> encoder,
       journal::Journal& journal, state::State& state, const ports::Clock& clock, ports::Random& random, base::TypeFilter filter,
       StartPosition start, const privacy::RecordOpener& opener);
  ~Impl() { stop(milliseconds(0)); }

  /// Ready to run, without a thread: `turn` again and again, then `finish`. A simulation does just that.
  [[nodiscard]] static Result<std::unique_ptr<Impl>> make(const DestinationOptions& options, std::unique_ptr<destinations::Destination> destination,
                                                          std::unique_ptr<encoding::Encoder> encoder, journal::Journal& journal, state::State& state, const ports::Clock& clock,
                                                          ports::Random& random, const privacy::RecordOpener& opener = {});

  [[nodiscard]] CoreOptions core_options();
  [[nodiscard]] DeskOptions desk_options() const;
  Result<void> prepare();
  void stop(milliseconds deadline);

  // The loop and its parts, on the runner's thread.
  void run();
  /// Once around; false: stop was asked for, and there is nothing left to do.
  [[nodiscard]] bool turn();
  void read_more();
  [[nodiscard]] Result<void> take_chunk();
  [[nodiscard]] Result<void> skip_gap(std::uint64_t first_held);
  [[nodiscard]] bool is_lost(std::uint64_t sequence) const;
  void offer_unread();
  void offer(const journal::RecordView& record);
  [[nodiscard]] bool is_at_end() const;
  void leave_out(std::uint64_t sequence);
  [[nodiscard]] bool is_left_out(std::uint64_t sequence) const;
  void close_folds();
  [[nodiscard]] std::uint32_t folded_into(std::uint64_t carrier) const {
    const auto fold = folds.find(carrier);
    return fold == folds.end() ? 0 : fold->second;
  }
  /// It is done: what was kept of its attempts and of its fold.
  void forget(std::uint64_t sequence) {
    if (!reasons.empty()) reasons.erase(sequence);
    if (!folds.empty()) folds.erase(sequence);
  }
  void skip_expired();
  [[nodiscard]] bool act();
  [[nodiscard]] bool act_core(Time at);
  [[nodiscard]] bool act_desk(Time at);
  [[nodiscard]] bool may_act();
  [[nodiscard]] bool hand_to_destination(const Action& action, Time at);
  /// There is nothing to send of it.
  void pass_over(std::uint64_t sequence);
  [[nodiscard]] Handover send(const Action& action);
  [[nodiscard]] Handover send(const LetterDesk::Sending& sending);
  [[nodiscard]] Handover hand_over(const encoding::Envelope& envelope, destinations::Message& message);
  void store_letters();
  [[nodiscard]] std::vector<state::Letter> letters_to_store(std::size_t most);
  [[nodiscard]] state::Letter to_letter(const Action& action, const journal::RecordView& record);
  /// How many letters may be stored now, from the front of `to_store`.
  [[nodiscard]] std::size_t room_in_store();
  [[nodiscard]] Result<void> load_lines();
  void take_lines(const std::vector<state::HeldKey>& held);
  void work_on_letters();
  void count_letters();
  void run_commands();
  [[nodiscard]] Result<void> ask(Command::Needs needs, std::move_only_function<Result<void>()> run);
  /// Without waiting for it.
  [[nodiscard]] std::future<Result<void>> submit(Command command);
  [[nodiscard]] Result<std::optional<DeadLetterReplay>> start_replay(const DeadLetterFilter& which, const ReplayOptions& how);
  [[nodiscard]] Result<void> stop_replay(std::uint64_t number);
  [[nodiscard]] Result<std::uint64_t> discard(const DeadLetterFilter& which, const std::string& reason, const std::string& by);
  [[nodiscard]] Result<void> pause(bool wanted);
  [[nodiscard]] Result<void> save_position_now();
  [[nodiscard]] Result<RewindResult> rewind_to(std::uint64_t sequence);
  void collect(milliseconds timeout);
  void apply(const destinations::Report& report, Time now);
  void apply_to_letter(const destinations::Report& report, Time now);
  void count_failure(destinations::Outcome outcome);
  void settle_found();
  /// Nothing that is sent from now on can be there already without the core's knowing it.
  [[nodiscard]] bool knows_what_is_there() const { return !destination->features().reconciles || (was_reconciled && found.empty()); }
  void follow_health();
  void save_if_due(bool now_please);
  void note_progress() noexcept { position_changed = progressed = true; }
  void publish();
  void note_oldest();
  [[nodiscard]] milliseconds sleep_time(bool more_to_do);
  [[nodiscard]] bool has_use_for_more() const;
  [[nodiscard]] bool may_read() const;
  [[nodiscard]] bool must_know_first() const;
  [[nodiscard]] bool has_finished();
  void finish();
  /// Says so in the log when it is new; empty: it is over.
  void set_problem(std::string& which, std::string text);
  [[nodiscard]] Time now() const { return clock.steady(); }

  const DestinationOptions options;
  const std::unique_ptr<destinations::Destination> destination;
  const std::unique_ptr<encoding::Encoder> encoder;
  journal::Journal& journal;
  state::State& state;
  const ports::Clock& clock;
  ports::Random& random;
  const base::TypeFilter filter;
  const privacy::RecordOpener opener;
  const std::uint64_t key_seed;
  const std::uint32_t max_in_flight;
  const std::string start_note;
  const bool start_is_saved;  // sequences in the state are this journal's

  mutable std::mutex core_mutex;  // held for one batch; other threads only ask is_done and is_left_out
  std::deque<std::uint64_t> left_out;  // by volume rules, ascending; under the mutex too
  Circuit circuit;
  Core core;
  StoreOfDestination letter_store;
  LetterDesk desk;

  // Of the runner's thread.
  journal::Reader reader;
  std::atomic<std::uint64_t> read_up_to;  // last sequence read from the journal; written by the runner's thread only
  journal::Chunk unread;          // the chunk being offered, from `unread_at` on
  std::size_t unread_at = 0;
  std::uint64_t expired_until = 0;  // sequences below are gone from the journal
  ChunkWindow window;
  std::string last_type;          // types come in runs: the filter is asked when it changes
  bool last_type_matches = false;
  Volume volume;
  std::unordered_map<std::uint64_t, std::uint32_t> folds;  // closed, until their carrier is done: how many events it stands for
  std::vector<Volume::Fold> closed_folds;                  // reused
  std::int64_t offered_ms = 0;                             // when the last record that was offered was accepted
  Time offered_at{};                                       // when that was offered
  std::vector<Action> to_store;   // at most the window
  std::uint64_t replay_until;     // events up to here carry the mark `replay_mark`
  std::uint32_t replay_mark;
  bool quiet_desk = false, quiet = false;  // a command waits until nothing is under way
  bool desk_first = false;        // who is asked first changes, so that neither probes alone
  bool letters_changed = true;    // since they were counted
  std::uint64_t letters_in_lines = 0;  // when they were counted, and stored since
  std::unordered_map<std::uint64_t, std::string> reasons;  // of attempts that failed, for their dead letters
  std::string opened;             // what was sealed
  std::string encoding_reason;    // why the last event that could not be encoded could not
  std::vector<destinations::Report> reports;
  bool halted = false;            // a record cannot be decoded: nothing more is sent until somebody repaired the journal
  bool busy = false;
  bool starved = false;           // what waits in the core cannot go on now, and the destination would take more
  bool position_changed = false;  // since it was saved
  bool progressed = false;        // since the listener was told
  bool resume_saved = false;      // a resume state of the destination is durable
  bool must_save_first = false;
  bool was_reconciled = false;
  std::unordered_map<std::uint64_t, std::uint64_t> found;  // sequence → id mark: what reconciliation found, until it is settled
  std::optional<destinations::HealthState> last_health;
  std::optional<Time> read_again_at, store_again_at, settle_again_at;
  Time save_at{}, measure_at{};

  // Shared.
  std::atomic<std::uint64_t> dropped{0}, folded{0}, erased{0}, unmapped{0};
  std::atomic<std::uint64_t> low_water{0}, saved_low_water{0}, delivered{0}, sent{0}, retries{0}, in_doubt{0}, refused{0}, dead_letters{0},
      lost_to_retention{0}, replayed{0};
  std::atomic<std::uint32_t> in_flight{0}, pending{0};
  std::atomic<std::int64_t> oldest_accepted_ms{0};  // of the record after the low-water mark; 0: none
  std::atomic<bool> wants_news{false};  // sleeps, and more in the journal would be read
  std::atomic<bool> stopping{false};
  std::atomic<bool> paused{false}, circuit_open{false};
  std::atomic<Time::rep> stop_at{0};
  mutable std::mutex problem_mutex;
  std::string read_problem, found_problem, record_problem, store_problem, save_problem, letter_problem;
  std::vector<state::Gap> gaps;  // under problem_mutex
  DeadLetterCounts letter_counts;  // under problem_mutex
  std::mutex command_mutex;
  std::deque<Command> commands;
  bool ended = false;  // under command_mutex: no more commands
  std::mutex listener_mutex;
  std::function<void()> listener;
  std::mutex stop_mutex;
  std::uint64_t journal_token = 0;
  std::thread thread;
};

}  // namespace user_events::delivery
