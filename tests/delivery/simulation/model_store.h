// The dead letter store, modelled: what is in it is durable. It fails now and then, and can be where the process dies.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "delivery/letter_desk.h"
#include "simulation/faulty_core.h"
#include "simulation/random.h"

namespace user_events::delivery::simulation {

class ModelStore final : public LetterStore {
 public:
  ModelStore(Dice& dice, Defect defect) : dice_(dice), defect_(defect) {}

  Result<std::optional<state::Letter>> first_in_line(const std::string& key) override {
    for (const auto& [sequence, letter] : letters) {
      if (letter.key != key || !letter.in_line) continue;
      if (defect_ == Defect::held_letter_sent && letter.state == state::LetterState::dead) continue;
      return letter;
    }
    return std::nullopt;
  }
  Result<std::vector<state::Letter>> loose_letters(std::uint64_t after, std::size_t limit) override {
    std::vector<state::Letter> out;
    for (auto at = letters.upper_bound(after); at != letters.end() && out.size() < limit; ++at)
      if (!at->second.in_line && at->second.state == state::LetterState::replaying) out.push_back(at->second);
    return out;
  }
  Result<void> settle(std::span<const state::LetterEnd> ends) override {
    if (faults && dice_.chance(5)) return fail(ErrorKind::full, "full", "no room");
    for (const auto& end : ends) {
      const auto at = letters.find(end.number);
      if (at == letters.end()) continue;
      if (end.kind == state::LetterEnd::Kind::delivered) {
        letters.erase(at);
      } else {
        at->second.in_line = at->second.in_line && end.in_line;
        at->second.state = at->second.in_line ? state::LetterState::dead : state::LetterState::skipped;
        if (!at->second.in_line) skipped.insert(end.number);
      }
    }
    dies = dies || (faults && dice_.below(1'000) < death_permille);
    return {};
  }
  std::uint32_t rate(std::uint64_t) override { return 0; }

  std::map<std::uint64_t, state::Letter> letters;  ///< By sequence, which is the number too.
  std::set<std::uint64_t> skipped;                  ///< Those that left their line, whatever became of them.
  bool faults = true;
  bool dies = false;          ///< The process dies right after the last change became durable.
  unsigned death_permille = 0;

 private:
  Dice& dice_;
  Defect defect_;
};

}  // namespace user_events::delivery::simulation
