// Each event of the window is a slot; the slots of one key that are not done form a lane, oldest first. A lane stands in
// at most one of two lists: lanes that have something to send, lanes that have something to store. Whatever changes a
// lane ends with `consider`, which puts it where it belongs; so nothing is ever searched.
#include "delivery/core.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <unordered_map>
#include <utility>

#include "delivery/ahead_set.h"
#include "delivery/lanes.h"

namespace user_events::delivery {
namespace {

constexpr std::size_t kMaxSuspects = 8;  ///< Users that keep failing, alone in the window.

enum class SlotState : std::uint8_t {
  done,
  waiting,    ///< To be sent, or to be stored.
  backoff,    ///< To be sent again when its back-off ends.
  in_flight,
  storing,    ///< Given out as dead_letter or hold; `stored` follows.
  carrying,   ///< To be sent when its fold is closed.
  joined,     ///< In no lane: done when its carrier is.
};

struct Slot {
  std::uint32_t lane = kNone;
  std::uint32_t prev = kNone, next = kNone;  // within the lane
  std::uint64_t sent_at = 0;                 // the last time, on the circuit's clock
  std::uint32_t joined = kNone;              // the last one that has joined it; these are linked by `next`
  SlotState state = SlotState::done;
  bool refused = false;                      // given up: a dead letter
  bool failed = false;                       // its failures are in `failing`
  bool probe = false;                        // sent alone after a failure in its lane
};

struct Backoff {
  Time until;
  std::uint64_t sequence;
  bool operator>(const Backoff& other) const noexcept { return until > other.until; }
};

struct Failing {
  Tries tries;
  Cause cause = Cause::refused;  // once it is given up
};

}  // namespace

struct Core::Impl {
  Impl(const CoreOptions& o, const CorePosition& position);

  [[nodiscard]] Slot& slot(std::uint64_t sequence) noexcept { return ring[static_cast<std::uint32_t>(sequence) & mask]; }
  [[nodiscard]] const Slot& slot(std::uint64_t sequence) const noexcept {
    return ring[static_cast<std::uint32_t>(sequence) & mask];
  }
  [[nodiscard]] std::uint32_t index(std::uint64_t sequence) const noexcept {
    return static_cast<std::uint32_t>(sequence) & mask;
  }
  [[nodiscard]] std::uint64_t sequence_at(std::uint32_t slot_index) const noexcept {
    const std::uint64_t first = low_water + 1;
    return first + ((slot_index - static_cast<std::uint32_t>(first)) & mask);
  }
  /// In the window and not done.
  [[nodiscard]] bool is_open(std::uint64_t sequence) const noexcept {
    return sequence > low_water && sequence < next_offer && slot(sequence).state != SlotState::done;
  }

  void append(std::uint64_t sequence, std::uint64_t key, SlotState state = SlotState::waiting);
  void finish_joined(Slot& carrier) noexcept;
  void unlink(std::uint64_t sequence);
  void finish(std::uint64_t sequence);
  void advance_low_water() noexcept;
  void advance_cursor(Lane& lane) noexcept;
  void rewind_cursor(Lane& lane, std::uint64_t sequence) noexcept;
  void leave_flight(Slot& event) noexcept;
  [[nodiscard]] bool is_held(const Lane& lane, std::uint64_t sequence) const noexcept { return sequence > lane.hold_after; }
  [[nodiscard]] Ready wanted(const Lane& lane) const noexcept;
  void consider(std::uint32_t lane_number, bool at_front = false) noexcept;
  void fail_attempt(std::uint64_t sequence, Outcome outcome, Time now);
  Slot& leave_failed(std::uint64_t sequence);
  void follow(std::uint64_t sequence, const Verdict& verdict, Time now);
  void give_up(std::uint64_t sequence, Cause cause);
  void start_backoff(std::uint64_t sequence, std::chrono::nanoseconds delay, Time now);
  void end_backoffs(Time now);
  void park_oldest(Time now);
  [[nodiscard]] bool only_suspects_are_left() const;
  /// Nothing: the event was given up instead.
  [[nodiscard]] std::optional<Action> take_send(Time now);
  [[nodiscard]] Action take_store();

  CoreOptions options;
  std::uint64_t low_water;
  std::uint64_t next_offer;
  std::uint32_t mask;
  std::unique_ptr<Slot[]> ring;
  Lanes lanes;
  ReadyList send_ready{Ready::send}, store_ready{Ready::store};
  std::vector<Backoff> backoffs;  // a heap, soonest first; entries of events that got done meanwhile are passed over
  AheadSet ahead;
  std::unordered_map<std::uint64_t, std::uint64_t> held;  // key → its events after this sequence wait
  std::unordered_map<std::uint64_t, Failing> failing;     // by sequence; few
  std::uint32_t in_flight = 0, pending = 0, folding = 0;
  std::unique_ptr<Circuit> own_circuit;
  Circuit& circuit;
  Judge judge;
};

Core::Impl::Impl(const CoreOptions& o, const CorePosition& position)
    : options(o),
      low_water(position.low_water),
      next_offer(position.low_water + 1),
      mask(std::bit_ceil(std::max(o.window_events, 1u)) - 1),
      ring(std::make_unique_for_overwrite<Slot[]>(std::size_t{mask} + 1)),
      ahead(position.low_water + 1),
      own_circuit(o.circuit == nullptr ? std::make_unique<Circuit>(o.retry, o.seed + 1) : nullptr),
      circuit(o.circuit == nullptr ? *own_circuit : *o.circuit),
      judge(o.retry, circuit, o.seed) {
  options.window_events = std::max(options.window_events, 1u);
  options.max_in_flight = std::max(options.max_in_flight, 1u);
  for (const auto& [first, last] : position.acknowledged)
    for (std::uint64_t sequence = std::max(first, next_offer); sequence < last; ++sequence)
      if (!ahead.add(sequence)) break;
}

void Core::Impl::append(std::uint64_t sequence, std::uint64_t key, SlotState state) {
  const std::uint32_t lane_number = lanes.find_or_add(key);
  Lane& lane = lanes[lane_number];
  const std::uint32_t at = index(sequence);
  ring[at] = Slot{.lane = lane_number, .prev = lane.tail, .state = state};
  if (lane.tail == kNone) {
    lane.head = at;
    if (!held.empty())
      if (const auto found = held.find(key); found != held.end()) lane.hold_after = found->second;
  } else {
    ring[lane.tail].next = at;
  }
  lane.tail = at;
  if (lane.cursor == kNone) lane.cursor = at;
  ++pending;
  consider(lane_number);
}

void Core::Impl::unlink(std::uint64_t sequence) {
  Slot& event = slot(sequence);
  const std::uint32_t lane_number = event.lane;
  Lane& lane = lanes[lane_number];
  if (lane.cursor == index(sequence)) advance_cursor(lane);
  (event.prev == kNone ? lane.head : ring[event.prev].next) = event.next;
  (event.next == kNone ? lane.tail : ring[event.next].prev) = event.prev;
  consider(lane_number);
  if (lane.head == kNone) lanes.erase(lane_number);
}

/// The event is done for good: the one place from which the low-water mark moves, besides `skip`.
void Core::Impl::finish(std::uint64_t sequence) {
  unlink(sequence);
  if (slot(sequence).state == SlotState::carrying) --folding;
  slot(sequence).state = SlotState::done;
  finish_joined(slot(sequence));
  if (slot(sequence).failed) failing.erase(sequence);
  --pending;
  advance_low_water();
}

void Core::Impl::finish_joined(Slot& carrier) noexcept {
  for (std::uint32_t at = std::exchange(carrier.joined, kNone); at != kNone; at = ring[at].next) {
    ring[at].state = SlotState::done;
    --pending;
    --folding;
  }
}

void Core::Impl::advance_low_water() noexcept {
  while (low_water + 1 < next_offer && slot(low_water + 1).state == SlotState::done) ++low_water;
}

void Core::Impl::advance_cursor(Lane& lane) noexcept {
  std::uint32_t at = ring[lane.cursor].next;
  while (at != kNone && (ring[at].state == SlotState::in_flight || ring[at].state == SlotState::storing)) at = ring[at].next;
  lane.cursor = at;
}

void Core::Impl::rewind_cursor(Lane& lane, std::uint64_t sequence) noexcept {
  if (lane.cursor == kNone || sequence_at(lane.cursor) > sequence) lane.cursor = index(sequence);
}

void Core::Impl::leave_flight(Slot& event) noexcept {
  --in_flight;
  --lanes[event.lane].in_flight;
}

Ready Core::Impl::wanted(const Lane& lane) const noexcept {
  if (lane.cursor == kNone) return Ready::no;
  const Slot& event = ring[lane.cursor];
  if (event.state == SlotState::carrying) return Ready::no;  // not stored either: how many it stands for is not known yet
  if (event.refused || is_held(lane, sequence_at(lane.cursor))) return Ready::store;
  if (event.state == SlotState::backoff) return Ready::no;
  const bool alone = !options.ordered_pipeline || lane.probing;
  return alone && lane.in_flight > 0 ? Ready::no : Ready::send;
}

void Core::Impl::consider(std::uint32_t lane_number, bool at_front) noexcept {
  Lane& lane = lanes[lane_number];
  const Ready want = wanted(lane);
  if (lane.ready == want && !at_front) return;
  if (lane.ready != Ready::no) (lane.ready == Ready::send ? send_ready : store_ready).remove(lanes, lane_number);
  if (want == Ready::no) return;
  ReadyList& list = want == Ready::send ? send_ready : store_ready;
  at_front ? list.push_front(lanes, lane_number) : list.push_back(lanes, lane_number);
}

Slot& Core::Impl::leave_failed(std::uint64_t sequence) {
  Slot& event = slot(sequence);
  leave_flight(event);
  event.probe = false;
  event.state = SlotState::waiting;
  event.failed = true;
  rewind_cursor(lanes[event.lane], sequence);
  return event;
}

void Core::Impl::fail_attempt(std::uint64_t sequence, Outcome outcome, Time now) {
  Slot& event = leave_failed(sequence);
  Tries& tries = failing[sequence].tries;
  tries.sent_at = event.sent_at;
  const Verdict verdict = judge.failed(tries, outcome, now);
  // Also behind a letter that is skipped: what was in flight behind it has failed with it, and must come before what follows.
  if (Lane& lane = lanes[event.lane]; !is_held(lane, sequence)) lane.probing = true;
  follow(sequence, verdict, now);
}

void Core::Impl::follow(std::uint64_t sequence, const Verdict& verdict, Time now) {
  Slot& event = slot(sequence);
  // In flight behind the one that was given up: it waits there like the others, whatever its own outcome was.
  if (is_held(lanes[event.lane], sequence)) return consider(event.lane);
  if (verdict.give_up) return give_up(sequence, *verdict.give_up);
  if (verdict.wait.count() != 0) start_backoff(sequence, verdict.wait, now);
  consider(event.lane);
}

void Core::Impl::give_up(std::uint64_t sequence, Cause cause) {
  Slot& event = slot(sequence);
  Lane& lane = lanes[event.lane];
  event.refused = true;
  failing[sequence].cause = cause;
  if (options.hold) {
    lane.hold_after = sequence;
    held.emplace(lane.key, sequence);
  }
  consider(event.lane);
}

/// The oldest event that is not done pins the low-water mark, and with it the window and the journal.
void Core::Impl::park_oldest(Time now) {
  const std::uint64_t oldest = low_water + 1;
  if (!is_open(oldest) || !slot(oldest).failed) return;
  const Slot& event = slot(oldest);
  Lane& lane = lanes[event.lane];
  const bool stands = event.state == SlotState::waiting || event.state == SlotState::backoff;
  if (!stands || event.refused || lane.in_flight != 0 || is_held(lane, oldest)) return;
  const Tries& tries = failing[oldest].tries;
  // What cannot be encoded pins nothing while nothing else passes either.
  const bool is_postponed = tries.postponed_since.count() >= 0;
  if (is_postponed && !circuit.accepted_since(event.sent_at)) return;
  const auto since = is_postponed ? tries.postponed_since : tries.first_failure;
  const bool for_long = circuit.is_up() && circuit.up_time(now) - since >= options.park_after;
  const bool window_nearly_full = next_offer - oldest >= std::uint64_t{options.window_events} - options.window_events / 4;
  const bool again_and_again = window_nearly_full && tries.failures >= kParkFailures && (circuit.is_up() || only_suspects_are_left());
  if (!for_long && !again_and_again) return;
  lane.parked = true;
  lane.hold_after = low_water;
  held[lane.key] = low_water;
  rewind_cursor(lane, oldest);
  consider(event.lane);
}

/// The circuit may be open because of the very events that fill the window: then everybody else waits behind them, and nobody is left who could
/// show that the destination works. Few, so that an outage does not carry a whole backlog into the store.
bool Core::Impl::only_suspects_are_left() const {
  if (!circuit.is_reachable() || in_flight != 0) return false;
  for (std::uint32_t lane = send_ready.front(); lane != kNone; lane = lanes[lane].ready_next)
    if (!ring[lanes[lane].cursor].failed) return false;
  std::size_t suspects = 0;
  return std::ranges::all_of(failing, [&](const auto& one) {
    const auto& [sequence, failures] = one;
    if (!is_open(sequence) || slot(sequence).refused || slot(sequence).prev != kNone) return true;  // nothing of its user can go before the oldest
    return failures.tries.failures >= kParkFailures && ++suspects <= kMaxSuspects;
  });
}

void Core::Impl::start_backoff(std::uint64_t sequence, std::chrono::nanoseconds delay, Time now) {
  slot(sequence).state = SlotState::backoff;
  if (backoffs.size() > 2 * (std::size_t{mask} + 1)) {
    std::erase_if(backoffs, [&](const Backoff& one) {
      return !is_open(one.sequence) || slot(one.sequence).state != SlotState::backoff;
    });
    std::ranges::make_heap(backoffs, std::greater<>());
  }
  backoffs.push_back({now + delay, sequence});
  std::ranges::push_heap(backoffs, std::greater<>());
}

void Core::Impl::end_backoffs(Time now) {
  while (!backoffs.empty() && backoffs.front().until <= now) {
    const std::uint64_t sequence = backoffs.front().sequence;
    std::ranges::pop_heap(backoffs, std::greater<>());
    backoffs.pop_back();
    if (!is_open(sequence) || slot(sequence).state != SlotState::backoff) continue;
    slot(sequence).state = SlotState::waiting;
    consider(slot(sequence).lane);
  }
}

std::optional<Action> Core::Impl::take_send(Time now) {
  const std::uint32_t lane_number = send_ready.front();
  Lane& lane = lanes[lane_number];
  Slot& event = ring[lane.cursor];
  const std::uint64_t sequence = sequence_at(lane.cursor);
  if (event.failed) {
    if (const auto cause = judge.before_next(failing[sequence].tries, now)) {
      give_up(sequence, *cause);
      return std::nullopt;
    }
  }
  event.sent_at = circuit.sent();
  event.state = SlotState::in_flight;
  event.probe = lane.probing;
  ++lane.in_flight;
  ++in_flight;
  advance_cursor(lane);
  // To the end of the list, so that one key with a long queue does not hold up the others.
  send_ready.remove(lanes, lane_number);
  consider(lane_number);
  return Action{ActionKind::send, sequence};
}

Action Core::Impl::take_store() {
  const std::uint32_t lane_number = store_ready.front();
  Lane& lane = lanes[lane_number];
  Slot& event = ring[lane.cursor];
  const std::uint64_t sequence = sequence_at(lane.cursor);
  Action action{lane.parked ? ActionKind::park : ActionKind::hold, sequence};
  if (event.refused) action.kind = ActionKind::dead_letter;
  if (event.failed) {
    action.counted = failing[sequence].tries.counted;
    action.cause = failing[sequence].cause;
  }
  event.state = SlotState::storing;
  ++lane.storing;
  advance_cursor(lane);
  consider(lane_number);
  return action;
}

Core::Core(const CoreOptions& options, const CorePosition& position) : impl_(std::make_unique<Impl>(options, position)) {}
Core::~Core() = default;
Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;

bool Core::wants_more() const noexcept {
  return impl_->next_offer - impl_->low_water - 1 < impl_->options.window_events;
}

std::uint64_t Core::next_offer() const noexcept { return impl_->next_offer; }

void Core::offer(std::uint64_t sequence, std::uint64_t key_hash) {
  assert(sequence == impl_->next_offer && wants_more());
  if (impl_->ahead.contains(sequence)) return skip(sequence);
  ++impl_->next_offer;
  impl_->append(sequence, key_hash);
  impl_->ahead.drop_below(impl_->next_offer);
}

void Core::carry(std::uint64_t sequence, std::uint64_t key_hash) {
  assert(sequence == impl_->next_offer && wants_more());
  if (impl_->ahead.contains(sequence)) return skip(sequence);
  ++impl_->next_offer;
  ++impl_->folding;
  impl_->append(sequence, key_hash, SlotState::carrying);
  impl_->ahead.drop_below(impl_->next_offer);
}

bool Core::join(std::uint64_t sequence, std::uint64_t carrier) {
  assert(sequence == impl_->next_offer && wants_more());
  if (impl_->ahead.contains(sequence)) {
    skip(sequence);
    return true;
  }
  if (!impl_->is_open(carrier)) return false;
  ++impl_->next_offer;
  Slot& first = impl_->slot(carrier);
  impl_->slot(sequence) = Slot{.next = first.joined, .state = SlotState::joined};
  first.joined = impl_->index(sequence);
  ++impl_->pending;
  ++impl_->folding;
  impl_->ahead.drop_below(impl_->next_offer);
  return true;
}

void Core::close_fold(std::uint64_t carrier) {
  if (!impl_->is_open(carrier) || impl_->slot(carrier).state != SlotState::carrying) return;
  --impl_->folding;
  impl_->slot(carrier).state = SlotState::waiting;
  impl_->consider(impl_->slot(carrier).lane);
}

void Core::skip(std::uint64_t sequence) {
  assert(sequence == impl_->next_offer && wants_more());
  ++impl_->next_offer;
  impl_->slot(sequence).state = SlotState::done;
  impl_->ahead.drop_below(impl_->next_offer);
  impl_->advance_low_water();
}

std::optional<Action> Core::next_action(Time now) {
  impl_->end_backoffs(now);
  impl_->park_oldest(now);
  for (;;) {
    if (!impl_->store_ready.empty()) return impl_->take_store();
    if (impl_->send_ready.empty() || impl_->in_flight >= impl_->options.max_in_flight || !impl_->circuit.may_send(now)) return std::nullopt;
    if (const auto action = impl_->take_send(now)) return action;
  }
}

void Core::unsent(std::uint64_t sequence) {
  if (!impl_->is_open(sequence) || impl_->slot(sequence).state != SlotState::in_flight) return;
  Slot& event = impl_->slot(sequence);
  impl_->leave_flight(event);
  impl_->circuit.unsent(event.sent_at);
  event.state = SlotState::waiting;
  event.probe = false;
  impl_->rewind_cursor(impl_->lanes[event.lane], sequence);
  impl_->consider(event.lane, true);
}

void Core::postpone(std::uint64_t sequence, Time now) {
  if (!impl_->is_open(sequence) || impl_->slot(sequence).state != SlotState::in_flight) return;
  Slot& event = impl_->leave_failed(sequence);
  impl_->circuit.unsent(event.sent_at);
  impl_->follow(sequence, {std::nullopt, impl_->judge.postponed(impl_->failing[sequence].tries, now)}, now);
}

bool Core::refuse(std::uint64_t sequence, Time now) {
  if (!impl_->is_open(sequence) || impl_->slot(sequence).state != SlotState::in_flight) return false;
  Slot& event = impl_->leave_failed(sequence);
  impl_->circuit.unsent(event.sent_at);
  const Verdict verdict = impl_->judge.unencodable(impl_->failing[sequence].tries, now);
  // Given up now, it would stand before them in the line of its key should they fail.
  if (Lane& lane = impl_->lanes[event.lane]; lane.in_flight > 0 && !impl_->is_held(lane, sequence)) {
    lane.probing = true;
    impl_->consider(event.lane);
    return false;
  }
  impl_->follow(sequence, verdict, now);
  return true;
}

void Core::pass_over(std::uint64_t sequence) {
  if (!impl_->is_open(sequence) || impl_->slot(sequence).state != SlotState::in_flight) return;
  Slot& event = impl_->slot(sequence);
  impl_->leave_flight(event);
  impl_->circuit.unsent(event.sent_at);
  if (event.probe) impl_->lanes[event.lane].probing = false;
  impl_->finish(sequence);
}

void Core::result(std::uint64_t sequence, Outcome outcome, Time now) {
  if (sequence >= impl_->next_offer) {
    if (outcome == Outcome::accepted) impl_->ahead.add(sequence);
    return;
  }
  if (!impl_->is_open(sequence)) return;
  Slot& event = impl_->slot(sequence);
  if (event.state == SlotState::joined) return;
  if (event.state == SlotState::storing || event.refused) return;  // what is on its way into the store counts as stored
  if (outcome != Outcome::accepted) {
    if (event.state == SlotState::in_flight) impl_->fail_attempt(sequence, outcome, now);
    return;
  }
  if (event.state == SlotState::in_flight) {
    impl_->leave_flight(event);
    impl_->circuit.accepted(now);
  }
  if (event.probe) impl_->lanes[event.lane].probing = false;
  impl_->finish(sequence);
}

void Core::stored(std::uint64_t sequence) {
  if (!impl_->is_open(sequence) || impl_->slot(sequence).state != SlotState::storing) return;
  --impl_->lanes[impl_->slot(sequence).lane].storing;
  impl_->finish(sequence);
}

void Core::hold_key(std::uint64_t key_hash, std::uint64_t after) {
  const auto [at, is_new] = impl_->held.emplace(key_hash, after);
  if (!is_new) at->second = std::min(at->second, after);
  const std::uint32_t lane_number = impl_->lanes.find(key_hash);
  if (lane_number == kNone) return;
  impl_->lanes[lane_number].hold_after = at->second;
  impl_->consider(lane_number);
}

bool Core::release_key(std::uint64_t key_hash) {
  const std::uint32_t lane_number = impl_->lanes.find(key_hash);
  if (lane_number != kNone && impl_->lanes[lane_number].storing != 0) return false;
  impl_->held.erase(key_hash);
  if (lane_number == kNone) return true;
  Lane& lane = impl_->lanes[lane_number];
  lane.hold_after = kNotHeld;
  lane.parked = false;
  // A refused event that is not stored yet holds the key again.
  for (std::uint32_t at = lane.head; at != kNone && lane.hold_after == kNotHeld; at = impl_->ring[at].next)
    if (impl_->ring[at].refused) lane.hold_after = impl_->sequence_at(at);
  if (lane.hold_after != kNotHeld) impl_->held.emplace(key_hash, lane.hold_after);
  impl_->consider(lane_number);
  return true;
}

bool Core::may_pass(std::uint64_t key_hash, std::uint64_t sequence) const noexcept {
  // After a start, what is older may not be here yet: it was in flight when the letter was stored behind it.
  if (sequence > impl_->next_offer) return false;
  const std::uint32_t lane_number = impl_->lanes.find(key_hash);
  if (lane_number == kNone) return true;
  const Lane& lane = impl_->lanes[lane_number];
  return lane.in_flight == 0 && (lane.head == kNone || impl_->sequence_at(lane.head) > sequence);
}

void Core::probe_key(std::uint64_t key_hash) noexcept {
  const std::uint32_t lane_number = impl_->lanes.find(key_hash);
  if (lane_number == kNone) return;
  impl_->lanes[lane_number].probing = true;
  impl_->consider(lane_number);
}

bool Core::is_in_flight(std::uint64_t sequence) const noexcept {
  return impl_->is_open(sequence) && impl_->slot(sequence).state == SlotState::in_flight;
}

std::optional<Time> Core::next_wakeup() const {
  std::optional<Time> soonest = impl_->send_ready.empty() ? std::nullopt : impl_->circuit.next_probe();
  if (!impl_->backoffs.empty() && (!soonest || impl_->backoffs.front().until < *soonest)) soonest = impl_->backoffs.front().until;
  return soonest;
}

CorePosition Core::position() const {
  CorePosition position{impl_->low_water, {}};
  for (std::uint64_t sequence = impl_->low_water + 1; sequence < impl_->next_offer; ++sequence)
    if (impl_->slot(sequence).state == SlotState::done) append_range(sequence, sequence + 1, position.acknowledged);
  impl_->ahead.append_ranges(impl_->next_offer, position.acknowledged);
  return position;
}

std::uint64_t Core::low_water() const noexcept { return impl_->low_water; }
std::uint32_t Core::in_flight() const noexcept { return impl_->in_flight; }
std::uint32_t Core::pending() const noexcept { return impl_->pending; }
std::uint32_t Core::folding() const noexcept { return impl_->folding; }

bool Core::is_done(std::uint64_t sequence) const noexcept {
  if (sequence <= impl_->low_water) return true;
  if (sequence >= impl_->next_offer) return impl_->ahead.contains(sequence);
  return impl_->slot(sequence).state == SlotState::done;
}

}  // namespace user_events::delivery
