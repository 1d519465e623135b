#include "delivery/letter_desk.h"

#include <algorithm>
#include <utility>

#include "base/try.h"

namespace user_events::delivery {
namespace {

using state::Letter;
using state::LetterEnd;
using state::LetterState;

constexpr std::size_t kLookupsAtOnce = 128;
/// Until a line whose older events are under way is looked at again.
constexpr std::chrono::milliseconds kBlockedWait{20};

}  // namespace

LetterDesk::LetterDesk(const DeskOptions& options, Circuit& circuit, LetterStore& store, std::function<std::uint64_t(std::string_view)> hash)
    : options_(options), circuit_(circuit), store_(store), hash_(std::move(hash)), judge_(options.retry, circuit, options.seed) {}

void LetterDesk::line_changed(const std::string& key) {
  // A line that is under way already is looked up again after each of its letters.
  if (lines_.try_emplace(key).second) lookups_.push_back(key);
}

void LetterDesk::clear() {
  // A line that flows and is empty now may have events on their way into the store: nobody else would look at it again.
  std::vector<std::string> flowing;
  for (const auto& [key, line] : lines_) flowing.push_back(key);
  items_.clear();
  ready_.clear();
  lines_.clear();
  lookups_.clear();
  blocked_.clear();
  sleepers_.clear();
  next_turn_.clear();
  loose_loaded_ = 0;
  loose_changed();
  for (const auto& key : flowing) line_changed(key);
}

Result<void> LetterDesk::work(Core& core, Time now) {
  wake_sleepers(now);
  UE_TRY(settle());
  for (auto& key : std::exchange(blocked_, {})) sleep(0, now + kBlockedWait, std::move(key));
  for (std::size_t count = 0; count < kLookupsAtOnce && !lookups_.empty() && items_.size() < kMaxLoaded; ++count) {
    UE_TRY(look_up(core, lookups_.front()));
    lookups_.pop_front();
  }
  return load_loose();
}

Result<void> LetterDesk::settle() {
  if (ended_.empty()) return {};
  UE_TRY(store_.settle(ended_));
  ended_.clear();
  for (const ItemId id : std::exchange(ended_items_, {})) {
    const auto item = items_.find(id);
    if (item == items_.end()) continue;
    if (item->second.letter.in_line && !item->second.copy) {
      const std::string& key = item->second.letter.key;
      lines_[key] = {};
      lookups_.push_back(key);
    } else {
      --loose_loaded_;
    }
    items_.erase(item);
  }
  return {};
}

Result<void> LetterDesk::look_up(Core& core, const std::string& key) {
  UE_TRY_ASSIGN(auto first, store_.first_in_line(key));
  const std::uint64_t hash = hash_(key);
  if (!first) {
    if (core.release_key(hash))
      lines_.erase(key);
    else
      blocked_.push_back(key);
    return {};
  }
  if (first->state == LetterState::dead) {
    lines_.erase(key);
    return {};
  }
  // Numbers of another journal say nothing about this one's: whatever the core has of the key came later.
  if (!core.may_pass(hash, first->journal_id == options_.journal_id ? first->sequence : 0)) {
    blocked_.push_back(key);
    return {};
  }
  load(*std::move(first), false);
  return {};
}

Result<void> LetterDesk::load_loose() {
  if (!loose_left_ || loose_loaded_ >= kMaxLoaded / 2) return {};
  UE_TRY_ASSIGN(auto letters, store_.loose_letters(loose_after_, kMaxLoaded / 2 - loose_loaded_));
  loose_left_ = !letters.empty();
  for (Letter& letter : letters) {
    loose_after_ = letter.number;
    if (options_.copies && letter.copy_due) load(letter, true);
    if (!letter.in_line && letter.state == LetterState::replaying) load(std::move(letter), false);
  }
  return {};
}

void LetterDesk::load(Letter letter, bool copy) {
  const ItemId id = id_of(letter, copy);
  if (items_.contains(id)) return;
  Item& item = items_[id];
  if (letter.in_line && !copy) {
    Line& line = lines_[letter.key];
    if (line.number != letter.number) {
      line = {};
      line.number = letter.number;
      if (letter.state == LetterState::parked) line.tries.counted = letter.attempts;
    }
    item.tries = line.tries;
  } else {
    ++loose_loaded_;
  }
  item.copy = copy;
  item.letter = std::move(letter);
  ready_.push_back(id);
}

void LetterDesk::sleep(ItemId id, Time until, std::string key) {
  sleepers_.push_back({until, id, std::move(key)});
  std::ranges::push_heap(sleepers_, std::greater<>());
}

void LetterDesk::wake_sleepers(Time now) {
  while (!sleepers_.empty() && sleepers_.front().until <= now) {
    std::ranges::pop_heap(sleepers_, std::greater<>());
    Sleeper one = std::move(sleepers_.back());
    sleepers_.pop_back();
    if (one.item == 0) {
      lookups_.push_back(std::move(one.key));
    } else if (const auto item = items_.find(one.item); item != items_.end()) {
      item->second.asleep = false;
      ready_.push_back(one.item);
    }
  }
}

std::optional<Time> LetterDesk::pace(Item& item, Time now) {
  if (item.paced || item.copy || item.letter.request == 0) return std::nullopt;
  item.paced = true;
  const std::uint32_t rate = store_.rate(item.letter.request);
  if (rate == 0) return std::nullopt;
  Time& turn = next_turn_[item.letter.request];
  const Time mine = std::max(turn, now);
  turn = mine + std::chrono::nanoseconds(1'000'000'000 / rate);
  return mine > now ? std::optional(mine) : std::nullopt;
}

std::optional<LetterDesk::Sending> LetterDesk::next(const Core& core, Time now) {
  wake_sleepers(now);
  for (std::size_t left = ready_.size(); left > 0; --left) {
    if (in_flight_.size() >= options_.max_in_flight || !circuit_.may_send(now)) return std::nullopt;
    const ItemId id = ready_.front();
    ready_.pop_front();
    Item& item = items_.at(id);
    const std::uint64_t sequence = item.letter.sequence;
    if (core.is_in_flight(sequence) || owns(sequence)) {
      ready_.push_back(id);  // reports name the sequence alone: one at a time
      continue;
    }
    if (const auto turn = pace(item, now)) {
      item.asleep = true;
      sleep(id, *turn);
      continue;
    }
    if (judge_.before_next(item.tries, now)) {
      end(id, item.copy ? LetterEnd::Kind::copied : LetterEnd::Kind::dead, item.letter.reason);
      continue;
    }
    item.tries.sent_at = circuit_.sent();
    in_flight_[sequence] = id;
    return Sending{&item.letter, item.copy};
  }
  return std::nullopt;
}

void LetterDesk::unsent(std::uint64_t sequence) {
  const auto found = in_flight_.extract(sequence);
  if (found.empty()) return;
  Item& item = items_.at(found.mapped());
  circuit_.unsent(item.tries.sent_at);
  ready_.push_front(found.mapped());
}

void LetterDesk::postpone(std::uint64_t sequence, Time now) {
  const auto found = in_flight_.extract(sequence);
  if (found.empty()) return;
  Item& item = items_.at(found.mapped());
  circuit_.unsent(item.tries.sent_at);
  back_off(found.mapped(), judge_.postponed(item.tries, now), now);
}

void LetterDesk::refuse(Core& core, std::uint64_t sequence, const std::string& reason) {
  const auto found = in_flight_.extract(sequence);
  if (found.empty()) return;
  Item& item = items_.at(found.mapped());
  circuit_.unsent(item.tries.sent_at);
  core.probe_key(hash_(item.letter.key));
  end(found.mapped(), item.copy ? LetterEnd::Kind::copied : LetterEnd::Kind::dead, reason);
}

void LetterDesk::pass_over(std::uint64_t sequence) {
  const auto found = in_flight_.extract(sequence);
  if (found.empty()) return;
  const Item& item = items_.at(found.mapped());
  circuit_.unsent(item.tries.sent_at);
  end(found.mapped(), item.copy ? LetterEnd::Kind::copied : LetterEnd::Kind::delivered, {});
}

void LetterDesk::result(Core& core, std::uint64_t sequence, Outcome outcome, const std::string& reason, Time now) {
  const auto found = in_flight_.extract(sequence);
  if (found.empty()) return;
  const ItemId id = found.mapped();
  Item& item = items_.at(id);
  if (outcome == Outcome::accepted) {
    circuit_.accepted(now);
    delivered_ += item.copy ? 0 : 1;
    return end(id, item.copy ? LetterEnd::Kind::copied : LetterEnd::Kind::delivered, {});
  }
  core.probe_key(hash_(item.letter.key));
  if (outcome != Outcome::unavailable) item.letter.reason = reason;
  const Verdict verdict = judge_.failed(item.tries, outcome, now);
  if (verdict.give_up) return end(id, item.copy ? LetterEnd::Kind::copied : LetterEnd::Kind::dead, reason);
  back_off(id, verdict.wait, now);
}

void LetterDesk::back_off(ItemId id, std::chrono::nanoseconds wait, Time now) {
  Item& item = items_.at(id);
  if (wait.count() == 0) return ready_.push_back(id);
  if (!item.letter.in_line || item.copy) {
    item.asleep = true;
    return sleep(id, now + wait);
  }
  // Its content need not lie in memory meanwhile: there may be many of these, for long.
  Line& line = lines_[item.letter.key];
  line.tries = item.tries;
  sleep(0, now + wait, item.letter.key);
  items_.erase(id);
}

void LetterDesk::end(ItemId id, LetterEnd::Kind kind, std::string reason) {
  const Item& item = items_.at(id);
  ended_.push_back({.number = item.letter.number,
                    .kind = kind,
                    .reason = std::move(reason),
                    .attempts = item.tries.counted,
                    .in_line = options_.hold && item.letter.in_line,
                    .copy_due = kind == LetterEnd::Kind::dead && options_.copies});
  ended_items_.push_back(id);
  if (kind == LetterEnd::Kind::dead && options_.copies) loose_changed();
}

std::optional<Time> LetterDesk::next_wakeup() const {
  std::optional<Time> soonest = ready_.empty() ? std::nullopt : circuit_.next_probe();
  if (!sleepers_.empty() && (!soonest || sleepers_.front().until < *soonest)) soonest = sleepers_.front().until;
  return soonest;
}

}  // namespace user_events::delivery
