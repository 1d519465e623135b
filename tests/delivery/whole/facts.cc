#include "whole/facts.h"

#include <algorithm>
#include <charconv>

#include "base/hash64.h"

namespace user_events::delivery::whole {

using state::LetterState;

namespace {

std::string text(std::uint64_t sequence) { return "event " + std::to_string(sequence); }

/// "… (stands for N events)": of a carrier that became a letter.
std::uint32_t count_in(const std::string& reason) {
  constexpr std::string_view kBefore = "(stands for ";
  const auto at = reason.rfind(kBefore);
  std::uint32_t count = 0;
  if (at != std::string::npos) std::from_chars(reason.data() + at + kBefore.size(), reason.data() + reason.size(), count);
  return count;
}

}  // namespace

void Facts::broken(const std::string& what) { fate_.violated("destination " + options_.name + ": " + what); }

bool Facts::matches(const Event& one) const { return std::ranges::find(wanted_.types, one.type) != wanted_.types.end(); }

Facts::Source Facts::source_of(const Event& one) const { return {one.accepted_ms / wanted_.period_ms, wanted_.by_address ? one.address : one.key}; }

bool Facts::is_sampled(const Event& one) const {
  return static_cast<double>(base::hash64(one.id, 0) >> 11) / static_cast<double>(1ull << 53) < wanted_.sample;
}

Content Facts::content_of(std::uint64_t sequence) const {
  const Event& one = event(sequence);
  Content out;
  out.sequence = sequence;
  out.id = one.id;
  out.type = one.type;
  out.key = one.key;
  return out;
}

// ---- the broker ----

void Facts::is_sent(const Content& message) {
  fate_.note(options_.name, ": sent ", message.sequence, message.copy ? " copy" : message.letter ? " letter" : "", " replay ", message.replay, " folded ",
             message.folded);
  if (paused_) broken(text(message.sequence) + " was sent although it is paused");
  if (message.sequence == 0 || message.sequence > events_.size()) return broken("sent " + text(message.sequence) + ", which the journal has not accepted");
  const Event& one = event(message.sequence);
  if (message.id != one.id || message.key != one.key || message.type != one.type || message.data != one.data)
    broken(text(message.sequence) + " was sent with another content than was accepted");
  if (!matches(one)) broken(text(message.sequence) + " is of a type that it does not take");
  if (message.copy) return check_copy(message);
  if (!message.target.empty()) broken(text(message.sequence) + " was sent to the dead letter topic in place of its own");
  const bool again = std::ranges::any_of(rewinds_, [&](const Rewind& rewind) { return message.sequence <= rewind.last; });
  if (!message.letter && !again && letters_.contains(message.sequence)) broken(text(message.sequence) + " was sent as if it did not lie in the dead letter store");
  check_marks(message);
}

void Facts::check_copy(const Content& message) {
  if (options_.dead_letter_topic.empty()) return broken("a copy of " + text(message.sequence) + " was sent, and it has no dead letter topic");
  if (message.target != options_.dead_letter_topic) broken("a copy of " + text(message.sequence) + " was sent to the topic " + message.target);
  if (message.cause_destination != options_.name) broken("a copy of " + text(message.sequence) + " names the destination " + message.cause_destination);
  if (!copy_owed_.contains(message.sequence)) broken("a copy was sent of " + text(message.sequence) + ", which is no dead letter of it");
}

void Facts::check_marks(const Content& message) {
  if (message.letter) return;
  std::uint32_t expected = 0;
  for (const Rewind& one : rewinds_)
    if (message.sequence <= one.last) expected = one.mark;
  if (message.replay != expected)
    broken(text(message.sequence) + " was sent with the mark " + std::to_string(message.replay) + " in place of " + std::to_string(expected));
}

void Facts::has_arrived(const Content& message) {
  fate_.note(options_.name, ": arrived ", message.sequence, message.copy ? " copy" : message.letter ? " letter" : "");
  if (message.copy) {
    copy_arrived_.insert(message.sequence);
    ++sums.copies;
    return;
  }
  ++sums.arrivals;
  sums.folded += message.folded > 1 ? 1 : 0;
  check_repetition(message);
  check_order(message);
  arrived_.insert(message.sequence);
  best_mark_[message.sequence] = std::max(best_mark_[message.sequence], message.replay);
  counts_[message.sequence] = std::max({counts_[message.sequence], message.folded, 1u});
}

void Facts::check_repetition(const Content& message) {
  const unsigned copies = ++copies_of_[mark_of(message)];
  if (copies == 1) return;
  ++sums.repeats;
  const auto doubts = doubts_.find(mark_of(message));
  if (copies > 1 + (doubts == doubts_.end() ? 0 : doubts->second)) broken(text(message.sequence) + " was delivered again although its outcome was known");
}

/// First deliveries of a user ascend.
void Facts::check_order(const Content& message) {
  if (arrived_.contains(message.sequence) || exempt_.contains(message.sequence)) return;
  // What a limit left out, or a fold that was closed early stood for, may be chosen otherwise when it is read again.
  if (is_rule_for(event(message.sequence)) && (restarts_ > 0 || message.replay > 0)) return;
  std::uint64_t& last = last_first_[message.key];
  if (message.sequence < last) broken("user " + message.key + ": " + text(message.sequence) + " first came after " + std::to_string(last));
  last = std::max(last, message.sequence);
}

// ---- the state ----

void Facts::saved(const state::SavedPosition& position) {
  fate_.note(options_.name, ": saved ", position.low_water, " + ", position.acknowledged.size(), " ranges, replay ", position.replay, " until ",
             position.replay_until, " resume ", position.resume);
  if (position.replay > saved_.replay) {
    if (position.low_water >= asked_from_ || (!position.acknowledged.empty() && position.acknowledged.back().second > asked_from_))
      broken("a rewind to " + std::to_string(asked_from_) + " leaves out what comes after it");
    rewinds_.push_back({asked_from_, position.replay_until, position.replay});
    ++sums.rewinds;
    // What was in doubt before may arrive yet.
    std::erase_if(copies_of_, [&](const auto& one) { return one.first.sequence >= asked_from_; });
  }
  saved_ = position;
  check_position(position);
}

bool Facts::is_saved(const state::SavedPosition& position, std::uint64_t sequence) const {
  return sequence <= position.low_water || std::ranges::any_of(position.acknowledged, [&](const auto& range) {
           return sequence >= range.first && sequence < range.second;
         });
}

bool Facts::is_accounted_for(const Event& one) const {
  if (!matches(one) || is_somewhere(one.sequence)) return true;
  if (!is_rule_for(one)) return false;
  if (wanted_.volume == Volume::sample) return !is_sampled(one);
  // Left out after enough of its source, or folded into an earlier one, which is somewhere.
  std::uint64_t before = 0;
  for (std::uint64_t earlier = one.sequence - 1; earlier > 0; --earlier)
    if (is_rule_for(event(earlier)) && source_of(event(earlier)) == source_of(one) && (wanted_.volume == Volume::limit || is_somewhere(earlier))) ++before;
  return before >= (wanted_.volume == Volume::limit ? wanted_.limit : 1);
}

void Facts::check_position(const state::SavedPosition& position) {
  if (position.low_water > events_.size()) return broken("the saved position is beyond the journal's end");
  for (const Event& one : events_)
    if (is_saved(position, one.sequence) && !is_accounted_for(one)) return broken("the saved position covers " + text(one.sequence) + ", which is nowhere");
}

void Facts::stored(const state::Letter& letter) {
  fate_.note(options_.name, ": stored letter ", letter.sequence, " state ", static_cast<int>(letter.state), ": ", letter.reason);
  const bool dead = letter.state == LetterState::dead || letter.state == LetterState::skipped;
  if (!matches(event(letter.sequence))) broken(text(letter.sequence) + " became a letter and is of a type that it does not take");
  if (letter.reason.starts_with("given up after ") && answers_[letter.sequence] < options_.retry.attempts)
    broken(text(letter.sequence) + " was given up, but attempts were counted while the destination was down");
  letters_.try_emplace(letter.sequence, LetterFact{letter.state, letter.in_line, letter.copy_due});
  was_letter_.insert(letter.sequence);
  if (!letter.in_line) exempt_.insert(letter.sequence);
  if (dead && !options_.dead_letter_topic.empty()) copy_owed_.insert(letter.sequence);
  ++(dead ? sums.letters : letter.state == LetterState::parked ? sums.parked : sums.held);
  if (const auto count = count_in(letter.reason)) counts_[letter.sequence] = std::max(counts_[letter.sequence], count);
}

void Facts::settled(std::uint64_t number, const state::LetterEnd& end) {
  const auto known = numbers_.find(number);
  if (known == numbers_.end()) return broken("a letter was settled that nobody had read");
  const std::uint64_t sequence = known->second;
  fate_.note(options_.name, ": settled ", sequence, " kind ", static_cast<int>(end.kind));
  const auto letter = letters_.find(sequence);
  if (letter == letters_.end()) return;
  switch (end.kind) {
    case state::LetterEnd::Kind::delivered:
      if (!arrived_.contains(sequence)) broken("the letter of " + text(sequence) + " was deleted although it never arrived");
      remove(letter);
      return;
    case state::LetterEnd::Kind::copied:
      if (!copy_arrived_.contains(sequence) && copy_failures_[sequence] == 0) broken("the copy of " + text(sequence) + " counts as sent and never was");
      letter->second.copy_due = false;
      return;
    case state::LetterEnd::Kind::dead:
      letter->second.in_line = letter->second.in_line && end.in_line;
      letter->second.state = letter->second.in_line ? LetterState::dead : LetterState::skipped;
      if (!letter->second.in_line) exempt_.insert(sequence);
      if (!options_.dead_letter_topic.empty()) copy_owed_.insert(sequence);
      letter->second.copy_due = letter->second.copy_due || end.copy_due;
      return;
  }
}

void Facts::discarded(std::uint64_t sequence) {
  fate_.note(options_.name, ": discarded ", sequence);
  discarded_.insert(sequence);
  exempt_.insert(sequence);
  if (const auto letter = letters_.find(sequence); letter != letters_.end()) remove(letter);
  ++sums.discarded;
}

/// Gone before its copy was made, so nobody needs that any more.
void Facts::remove(std::map<std::uint64_t, LetterFact>::iterator letter) {
  if (letter->second.copy_due) copy_moot_.insert(letter->first);
  letters_.erase(letter);
}

/// What was acknowledged since the position was saved may come again; where a destination reconciles only letters may.
void Facts::crashed() {
  fate_.note(options_.name, ": process gone");
  ++restarts_;
  for (auto& [mark, count] : copies_of_) {
    if (mark.letter ? !letters_.contains(mark.sequence) : reconciles_ || is_saved(saved_, mark.sequence)) continue;
    ++doubts_[mark];
  }
}

// ---- the end ----

bool Facts::has_what_others_sent(const std::set<std::uint64_t>& poisoned) const {
  std::set<std::string> troubled;
  for (const auto sequence : poisoned) troubled.insert(event(sequence).key);
  for (const auto& [sequence, letter] : letters_) troubled.insert(event(sequence).key);
  // What is folded into a poisoned event waits with it, whoever's it is.
  const auto may_wait = [&](const Event& one) { return troubled.contains(one.key) || (is_rule_for(one) && wanted_.volume == Volume::fold); };
  return std::ranges::all_of(events_, [&](const Event& one) { return may_wait(one) || is_accounted_for(one); });
}

void Facts::check_end() {
  for (const Event& one : events_)
    if (!is_accounted_for(one)) return broken(text(one.sequence) + " is lost");
  for (const Event& one : events_)
    if (is_rule_for(one) && wanted_.volume == Volume::sample && !is_sampled(one) && arrived_.contains(one.sequence))
      return broken(text(one.sequence) + " was delivered, but it is not in the sample");
  if (!letters_.empty()) broken("a letter is left");
  for (const auto sequence : copy_owed_)
    if (!copy_arrived_.contains(sequence) && copy_failures_[sequence] == 0 && !copy_moot_.contains(sequence))
      broken("no copy of " + text(sequence) + " came to the dead letter topic");
  check_rewinds();
  check_sources();
}

/// What was asked to be sent again was, with the mark of that time or a later one; letters stay where they are.
void Facts::check_rewinds() {
  for (const Rewind& rewind : rewinds_)
    for (std::uint64_t sequence = rewind.from; sequence <= std::min<std::uint64_t>(rewind.last, events_.size()); ++sequence) {
      const Event& one = event(sequence);
      if (!matches(one) || is_rule_for(one) || was_letter_.contains(sequence) || discarded_.contains(sequence)) continue;
      const auto mark = best_mark_.find(sequence);
      if (mark == best_mark_.end() || mark->second < rewind.mark)
        return broken(text(sequence) + " was to be sent again (replay " + std::to_string(rewind.mark) + ") and was not");
    }
}

void Facts::check_sources() {
  if (wanted_.volume != Volume::limit && wanted_.volume != Volume::fold) return;
  std::map<Source, std::vector<const Event*>> groups;
  for (const Event& one : events_)
    if (matches(one) && is_rule_for(one)) groups[source_of(one)].push_back(&one);
  for (const auto& [source, group] : groups) check_source(group);
}

void Facts::check_source(const std::vector<const Event*>& group) {
  const bool exact = restarts_ == 0 && rewinds_.empty();
  std::uint64_t there = 0, stands_for = 0;
  for (const Event* one : group) {
    if (!arrived_.contains(one->sequence) && !discarded_.contains(one->sequence)) continue;
    ++there;
    const auto count = counts_.find(one->sequence);
    stands_for += count == counts_.end() ? 1 : std::max(count->second, 1u);
  }
  sums.left_out += group.size() - there;
  const std::string of = " of the source of " + text(group.front()->sequence);
  if (wanted_.volume == Volume::limit) {
    const std::uint64_t most = std::min<std::uint64_t>(wanted_.limit, group.size());
    if (there < most || (exact && there > most)) broken(std::to_string(there) + " events in place of " + std::to_string(most) + of);
  } else if (stands_for < group.size() || (exact && stands_for > group.size())) {
    broken("folds that stand for " + std::to_string(stands_for) + " events in place of " + std::to_string(group.size()) + of);
  }
}

}  // namespace user_events::delivery::whole
