#include "whole/world.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "delivery/runner_impl.h"
#include "encoding/encoder.h"
#include "encoding/envelope.h"
#include "state/sqlite_state.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"
#include "support/seeded_random.h"
#include "whole/mortal_state.h"
#include "whole/wire.h"

namespace user_events::delivery::whole {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// With faults off, everything must be done within this many rounds.
constexpr int kRoundsToFinish = 20'000;
constexpr std::int64_t kStart = 1'795'510'800'000;

constexpr std::string_view kTypes[] = {"user.created", "user.updated", "user.loggedin", "user.login.failed"};

/// Patterns, and the types of ours that they mean.
struct Filter {
  std::vector<std::string> patterns, types;
};
const Filter kFilters[] = {
    {{"user.*"}, {"user.created", "user.updated", "user.loggedin", "user.login.failed"}},
    {{"user.*", "!user.loggedin"}, {"user.created", "user.updated", "user.login.failed"}},
    {{"user.created", "user.login.*"}, {"user.created", "user.login.failed"}},
};

/// A destination: what it was told, its broker, and, while the process lives, its runner.
struct Post {
  DestinationOptions options;
  std::unique_ptr<Facts> facts;
  std::unique_ptr<Wire> wire;
  std::unique_ptr<Runner::Impl> runner;
  std::future<Result<void>> command;  ///< Under way.
  std::shared_ptr<std::atomic<bool>> given_up;
  ports::SteadyTime asked_at{};
};

class World {
 public:
  World(std::uint64_t seed, Defect defect) : fate_(seed, defect), random_(seed), files_(std::make_unique<user_events::test::CrashFileSystem>()) {
    open_journal();
    auto connection = state::Connection::open_empty();
    if (!connection) throw std::runtime_error(describe(connection.error()));
    state_ = std::make_unique<state::SqliteState>(*std::move(connection));
    if (auto done = state_->prepare(); !done) throw std::runtime_error(describe(done.error()));
    mortal_state_ = std::make_unique<MortalState>(*state_, fate_);
    fate_.death_permyriad = dice().chance(70) ? static_cast<unsigned>(dice().between(1, 25)) : 0;
    events_.reserve(200);
    to_append_ = dice().between(10, 90);
    users_ = dice().between(1, 8);
    const std::size_t count = dice().between(1, 3);
    for (std::size_t i = 0; i < count; ++i) add_post(std::string(1, static_cast<char>('a' + i)));
  }

  Outline run() {
    live(to_append_ * 3);
    calm_down();
    expect_that_trouble_stays_where_it_is();
    mend();
    finish();
    if (ok()) for (auto& post : posts_) post.facts->check_end();
    return outline();
  }

 private:
  Dice& dice() { return fate_.dice; }
  [[nodiscard]] bool ok() const { return fate_.failure.empty(); }

  // ---- set-up ----
  void open_journal() {
    faulty_files_ = std::make_unique<user_events::test::FaultFileSystem>(*files_, user_events::test::Fault{});
    journal::Options options;
    options.directory = "/journal";
    options.reserve_bytes = 0;
    options.retention_age = milliseconds(0);
    options.scrub_pause = milliseconds(0);
    options.recent_frames_bytes = 0;  // readers go to the disk, which fails now and then
    auto opened = journal::Journal::open(*faulty_files_, clock_, random_, options);
    if (!opened) throw std::runtime_error(describe(opened.error()));
    journal_ = *std::move(opened);
  }

  void add_post(const std::string& name) {
    Post& post = posts_.emplace_back();
    WireOptions wire;
    wire.features.ordered_pipeline = dice().chance(60);
    wire.features.reconciles = wire.features.ordered_pipeline && dice().chance(50);
    wire.features.max_in_flight = static_cast<std::uint32_t>(dice().between(1, 24));
    const bool may_copy = dice().chance(60);
    wire.is_dead = dice().chance(12);
    wire.answers_when_dead = dice().chance(50);
    Wanted wanted;
    post.options = roll_options(name, may_copy, wanted);
    post.facts = std::make_unique<Facts>(post.options, wanted, wire.features.reconciles, fate_, events_);
    post.wire = std::make_unique<Wire>(wire, fate_, clock_, *post.facts);
    post.wire->is_letter = [&post](std::uint64_t sequence) { return post.runner->desk.owns(sequence); };
    mortal_state_->add(name, *post.facts);
  }

  DestinationOptions roll_options(const std::string& name, bool may_copy, Wanted& wanted) {
    DestinationOptions out;
    out.name = name;
    out.kind = "model";
    const Filter& filter = kFilters[dice().below(std::size(kFilters))];
    wanted.types = filter.types;
    out.types = filter.patterns;
    if (fate_.defect == Defect::filter_shared && !posts_.empty()) out.types = posts_.front().options.types;
    out.retry = {.initial = milliseconds(dice().between(1, 20)), .max = milliseconds(dice().between(20, 800))};
    out.retry.attempts = dice().chance(70) ? static_cast<std::uint32_t>(dice().between(2, 10)) : 0;
    if (dice().chance(15)) out.retry.deadline = milliseconds(dice().between(100, 60'000));
    out.on_dead_letter = dice().chance(75) ? DeadLetterAction::hold : DeadLetterAction::skip;
    if (dice().chance(10)) out.max_held_events = static_cast<std::uint32_t>(dice().between(3, 20));
    if (may_copy) out.dead_letter_topic = "dead-letters-of-" + name;
    out.park_after = milliseconds(dice().between(50, 30'000));
    out.window_events = static_cast<std::uint32_t>(dice().between(2, 80));
    if (dice().chance(40)) roll_volume(wanted, out);
    return out;
  }

  void roll_volume(Wanted& wanted, DestinationOptions& options) {
    wanted.volume_type = "user.login.failed";
    std::string rule = wanted.volume_type;
    switch (dice().below(4)) {
      case 0:
        wanted.volume = Volume::sample;
        wanted.sample = 0.5;
        rule += " sample=0.5";
        break;
      case 1:
        wanted.volume = Volume::limit;
        wanted.limit = static_cast<std::uint32_t>(dice().between(1, 3));
        wanted.period_ms = 500;
        rule += " limit=" + std::to_string(wanted.limit) + " per=500ms";
        break;
      default:
        wanted.volume = Volume::fold;
        wanted.period_ms = dice().chance(50) ? 400 : 3'000;
        rule += " fold=" + std::to_string(wanted.period_ms) + "ms";
    }
    if (wanted.volume != Volume::sample && dice().chance(50)) {
      wanted.by_address = true;
      rule += " by=ipAddress";
    }
    options.volume = {rule};
  }

  // ---- events ----
  void append_some() {
    if (events_.size() >= to_append_) return;
    struct Text {
      std::string id, key, address, data, payload;
    };
    std::deque<Text> texts;
    std::vector<journal::RecordDraft> drafts;
    const std::uint64_t after = events_.size();
    for (std::uint64_t i = dice().between(1, 6); i > 0; --i) {
      const auto number = after + drafts.size() + 1;
      // Half of the events belong to one user, so that long lanes are common; and half are of the type that is made fewer.
      Text& one = texts.emplace_back();
      one.id = "e" + std::to_string(number);
      one.key = "u" + std::to_string(dice().chance(50) ? 0 : dice().below(users_));
      one.address = "ip" + std::to_string(dice().below(3));
      one.data = R"({"n":)" + std::to_string(number) + R"(,"ipAddress":")" + one.address + "\"}";
      encoding::Envelope envelope;
      envelope.id = one.id;
      envelope.source = "urn:simulation";
      envelope.type = kTypes[dice().chance(40) ? 3 : dice().below(4)];
      envelope.partition_key = one.key;
      envelope.time_ms = kStart;
      envelope.data = one.data;
      encoding::append_payload(envelope, one.payload);
      journal::RecordDraft& draft = drafts.emplace_back();
      draft.id = one.id;
      draft.type = envelope.type;
      draft.key = one.key;
      draft.scope = "urn:simulation";
      draft.payload = one.payload;
    }
    const auto receipts = journal_->append_wait(drafts);
    if (!receipts) return fate_.violated("the journal refused events: " + describe(receipts.error()));
    for (std::size_t i = 0; i < drafts.size(); ++i)
      events_.push_back({after + i + 1, texts[i].id, std::string(drafts[i].type), texts[i].key, texts[i].address, texts[i].data, 0});
    note_times(after);
    for (std::uint64_t sequence = after + 1; sequence <= events_.size(); ++sequence) roll_poison(sequence);
  }

  void note_times(std::uint64_t after) {
    auto reader = journal_->reader(after);
    while (after < events_.size()) {
      const auto chunk = reader.next();
      if (!chunk || chunk->empty()) return fate_.violated("the journal does not show what it accepted");
      for (std::size_t i = 0; i < chunk->size(); ++i) events_[(*chunk)[i].sequence - 1].accepted_ms = (*chunk)[i].accepted_ms;
      after = chunk->last_sequence();
    }
  }

  void roll_poison(std::uint64_t sequence) {
    for (auto& post : posts_) {
      if (dice().chance(3)) post.wire->poison(sequence, static_cast<Wire::Poison>(dice().below(3)));
      if (dice().chance(3)) post.wire->refuse_copy(sequence);
    }
  }

  // ---- the process ----
  void start_missing() {
    for (auto& post : posts_) {
      if (post.runner) continue;
      auto made = Runner::Impl::make(post.options, post.wire->connect(), encoding::make_json_encoder({}), *journal_, *mortal_state_, clock_, random_);
      if (made) post.runner = *std::move(made);
    }
  }

  void crash() {
    ++sums_.crashes;
    for (auto& post : posts_) {
      post.runner.reset();
      post.command = {};
      post.wire->crash();
      post.facts->crashed();
    }
    mortal_state_->crashed();
    if (!dice().chance(20)) return;
    ++sums_.power_cuts;
    auto survivor = files_->after_power_cut(dice().below(1u << 30));
    journal_.reset();
    faulty_files_.reset();
    files_ = std::move(survivor);
    open_journal();
    if (journal_->durable_sequence() != events_.size()) fate_.violated("the journal has lost accepted events in a power cut");
  }

  /// What the process does under its own control: the ports may end it.
  template <class Work>
  void within_process(Work&& work) {
    fate_.mortal = true;
    try {
      work();
      fate_.mortal = false;
    } catch (const Died&) {
      fate_.mortal = false;
      crash();
    }
  }

  void stop_in_order(Post& post) {
    ++sums_.restarts;
    Runner::Impl& one = *post.runner;
    one.stop_at.store((clock_.steady() + milliseconds(dice().below(3'000))).time_since_epoch().count());
    one.stopping.store(true);
    int rounds = 0;
    for (; one.turn(); clock_.advance(milliseconds(1)))
      if (++rounds > kRoundsToFinish) return fate_.violated("destination " + post.options.name + " does not stop");
    one.finish();
    post.runner.reset();
    post.command = {};
    post.wire->crash();
    post.facts->crashed();
  }

  void step() {
    within_process([&] { start_missing(); });
    const std::size_t first = dice().below(posts_.size());
    for (std::size_t i = 0; i < posts_.size() && ok(); ++i) {
      Post& post = posts_[(first + i) % posts_.size()];
      if (!post.runner) continue;
      const bool disk_fails = fate_.faults && dice().below(1'000) < 8;
      if (disk_fails) set_read_fault(true);
      within_process([&] { (void)post.runner->turn(); });
      if (disk_fails) set_read_fault(false);
      check_bounds(post);
      end_command(post);
    }
  }

  void set_read_fault(bool on) {
    user_events::test::Fault fault;
    if (on) {
      ++sums_.read_faults;
      fault = {.at = 1, .for_ever = true, .concerns = [](const std::string& what) { return what.starts_with("read "); }};
    }
    faulty_files_->arm(fault);
  }

  void check_bounds(Post& post) {
    if (!post.runner) return;
    const Core& core = post.runner->core;
    if (core.next_offer() - core.low_water() - 1 > post.options.window_events) fate_.violated("the window is larger than its bound");
    if (core.in_flight() > post.runner->max_in_flight) fate_.violated("more in flight than the bound");
  }

  // ---- people ----
  void end_command(Post& post) {
    if (!post.command.valid()) return;
    // As whoever waits for a command does: whoever is first, the runner that begins or the caller that leaves, decides.
    const bool leaves = clock_.steady() - post.asked_at > kCommandWait && !post.given_up->exchange(true);
    if (leaves || post.command.wait_for(seconds(0)) == std::future_status::ready) post.command = {};
  }

  void ask(Post& post, Command::Needs needs, std::move_only_function<Result<void>()> what) {
    if (!post.runner || post.command.valid()) return;
    post.given_up = std::make_shared<std::atomic<bool>>(false);
    post.asked_at = clock_.steady();
    post.command = post.runner->submit({.needs = needs, .run = std::move(what), .done = {}, .given_up = post.given_up});
  }

  void operate(Post& post) {
    Runner::Impl* one = post.runner.get();
    if (one == nullptr || post.command.valid()) return;
    const auto part = dice().between(1, 3);
    switch (dice().below(6)) {
      case 0:
      case 1:
        if (dice().chance(50)) post.wire->heal(60);
        return ask(post, Command::Needs::quiet_desk, [this, one, part] { return forget(one->start_replay(some(part), {.rate = rate()})); });
      case 2: return ask(post, Command::Needs::quiet_desk, [this, one, part] { return forget(one->discard(some(part), "spoilt", "somebody")); });
      case 3: return rewind(post);
      case 4: return ask(post, Command::Needs::quiet_desk, [this, one]() -> Result<void> {
        const auto replays = state_->replays(0);
        return !replays || replays->empty() ? Result<void>() : one->stop_replay(replays->front().number);
      });
      default: return pause(post, !post.facts->is_paused() && dice().chance(60));
    }
  }

  template <class Value>
  static Result<void> forget(Result<Value> value) {
    if (!value) return std::unexpected(std::move(value).error());
    return {};
  }
  std::uint32_t rate() { return dice().chance(20) ? static_cast<std::uint32_t>(dice().between(1, 200)) : 0; }
  DeadLetterFilter some(std::uint64_t part) {
    DeadLetterFilter filter;
    if (part == 1) filter.user = "u" + std::to_string(dice().below(users_));
    if (part == 2) filter.types = {std::string(kTypes[dice().below(4)])};
    return filter;
  }

  void pause(Post& post, bool wanted) {
    sums_.pauses += wanted ? 1 : 0;
    ask(post, Command::Needs::nothing, [one = post.runner.get(), wanted] { return one->pause(wanted); });
  }

  void rewind(Post& post) {
    if (events_.empty()) return;
    const std::uint64_t sequence = dice().between(1, events_.size());
    ask(post, Command::Needs::quiet, [one = post.runner.get(), facts = post.facts.get(), sequence] {
      facts->rewind_asked(sequence);
      return forget(one->rewind_to(sequence));
    });
  }

  // ---- the life ----
  void jump() {
    ++sums_.jumps;
    if (dice().chance(50)) return clock_.advance(dice().chance(50) ? seconds(dice().below(600)) : seconds(dice().below(36'000)));
    const auto by = static_cast<std::int64_t>(dice().below(20 * 3'600'000)) - 10 * 3'600'000;
    clock_.set_wall(clock_.unix_ms() + by);
  }

  void live(std::uint64_t rounds) {
    const unsigned operator_permille = dice().chance(70) ? static_cast<unsigned>(dice().between(5, 60)) : 0;
    const bool clock_jumps = dice().chance(50);
    for (std::uint64_t round = 0; round < rounds && ok(); ++round) {
      if (dice().chance(30)) append_some();
      clock_.advance(milliseconds(dice().below(12)));
      if (clock_jumps && dice().below(1'000) < 8) jump();
      if (dice().below(1'000) < operator_permille) operate(posts_[dice().below(posts_.size())]);
      step();
      if (fate_.death_permyriad != 0 && dice().below(1'000) < 4)
        if (Post& post = posts_[dice().below(posts_.size())]; post.runner) within_process([&] { stop_in_order(post); });
    }
    while (ok() && events_.size() < to_append_) append_some();
  }

  void calm_down() {
    fate_.faults = false;
    for (auto& post : posts_) post.wire->stop_faults();
  }

  /// Poisoned events and dead destinations are still there: everybody else's events must go out.
  void expect_that_trouble_stays_where_it_is() {
    const auto is_served = [](const Post& post) {
      return post.wire->is_dead() || post.options.max_held_events < 100 || post.facts->has_what_others_sent(post.wire->poisoned());
    };
    for (int round = 0; ok() && !std::ranges::all_of(posts_, is_served); ++round) {
      if (round > kRoundsToFinish) return fate_.violated("users without trouble wait for those that have it: " + standing());
      clock_.advance(milliseconds(dice().below(30)));
      resume_all();
      step();
    }
  }

  void resume_all() {
    for (auto& post : posts_)
      if (post.facts->is_paused()) pause(post, false);
  }

  void mend() {
    for (auto& post : posts_) {
      post.wire->heal(100);
      post.wire->revive();
    }
  }

  [[nodiscard]] bool is_finished(const Post& post) const {
    return post.runner && post.runner->core.low_water() == events_.size() && post.wire->is_idle() && post.facts->letters() == 0 && post.runner->to_store.empty() &&
           !post.command.valid();
  }

  void finish() {
    for (int round = 0; ok(); ++round) {
      if (std::ranges::all_of(posts_, [&](const Post& post) { return is_finished(post); })) return check_books();
      if (round > kRoundsToFinish) return fate_.violated("no progress after the faults stopped: " + standing());
      clock_.advance(milliseconds(dice().below(30)));
      resume_all();
      if (round % 50 == 49)
        for (auto& post : posts_)
          if (post.facts->letters() != 0)
            ask(post, Command::Needs::quiet_desk, [one = post.runner.get()] { return forget(one->start_replay({}, {})); });
      step();
    }
  }

  void check_books() {
    for (auto& post : posts_) {
      if (post.runner->core.pending() != 0) fate_.violated("everything is done and something still pending");
      if (post.runner->core.in_flight() != 0 || post.runner->desk.in_flight() != 0) fate_.violated("everything is done and something still counts as in flight");
    }
  }

  [[nodiscard]] std::string standing() const {
    std::string out;
    for (const auto& post : posts_) {
      if (is_finished(post)) continue;
      out += "destination " + post.options.name + ": ";
      if (post.runner)
        out += std::to_string(post.runner->core.low_water()) + " of " + std::to_string(events_.size()) + " done, " + std::to_string(post.runner->core.folding()) +
               " folding, " + std::to_string(post.facts->letters()) + " letters; ";
    }
    return out;
  }

  Outline outline() {
    sums_.failure = fate_.failure;
    sums_.events = events_.size();
    sums_.destinations = posts_.size();
    for (const auto& post : posts_) {
      const auto& one = post.facts->sums;
      sums_.arrivals += one.arrivals;
      sums_.repeats += one.repeats;
      sums_.letters += one.letters;
      sums_.held += one.held;
      sums_.parked += one.parked;
      sums_.copies += one.copies;
      sums_.replays += one.replays;
      sums_.discarded += one.discarded;
      sums_.rewinds += one.rewinds;
      sums_.folded += one.folded;
      sums_.left_out += one.left_out;
    }
    return sums_;
  }

  Fate fate_;
  user_events::test::SeededRandom random_;
  user_events::test::TestClock clock_{kStart};
  // Durable.
  std::unique_ptr<user_events::test::CrashFileSystem> files_;
  std::unique_ptr<user_events::test::FaultFileSystem> faulty_files_;
  std::unique_ptr<state::SqliteState> state_;
  std::unique_ptr<MortalState> mortal_state_;
  std::vector<Event> events_;
  std::unique_ptr<journal::Journal> journal_;
  std::deque<Post> posts_;
  std::uint64_t to_append_ = 0, users_ = 1;
  Outline sums_;
};

}  // namespace

Outline run_world(std::uint64_t seed, Defect defect) { return World(seed, defect).run(); }

}  // namespace user_events::delivery::whole
