// The real state file, in memory, behind a disk that fails and a process that dies right before or after anything became durable. What is
// durable is told to the facts of its destination.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "forwarding_state.h"
#include "whole/facts.h"

namespace user_events::delivery::whole {

class MortalState final : public test::ForwardingState {
 public:
  MortalState(state::State& inner, Fate& fate) : ForwardingState(inner), inner_(inner), fate_(fate) {}

  void add(const std::string& name, Facts& facts) { facts_[name] = &facts; }
  /// What the defects that forget things over a crash need.
  void crashed();

  Result<void> save_position(std::string_view destination, const state::SavedPosition& position) override;
  Result<bool> is_paused(std::string_view destination) override;
  Result<void> set_paused(std::string_view destination, bool paused) override;
  Result<std::uint64_t> store_letters(std::string_view destination, const std::vector<state::Letter>& letters) override;
  Result<std::vector<state::HeldKey>> held_keys(std::string_view destination, std::string_view journal) override;
  Result<std::vector<std::uint64_t>> skipped_sequences(std::string_view destination, std::string_view journal, std::uint64_t after) override;
  Result<std::optional<state::Letter>> first_in_line(std::string_view destination, const std::string_view key) override;
  Result<std::vector<state::Letter>> loose_letters(std::string_view destination, std::uint64_t after, std::size_t limit) override;
  Result<void> settle(std::string_view destination, std::span<const state::LetterEnd> ends, std::int64_t now_ms) override;
  Result<std::optional<DeadLetterReplay>> start_replay(std::string_view destination, const DeadLetterFilter& filter, const ReplayOptions& options,
                                                       std::int64_t now_ms) override;
  Result<state::Discarded> discard(std::string_view destination, const DeadLetterFilter& filter, const state::DiscardOrder& order) override;

 private:
  [[nodiscard]] Facts& facts(std::string_view destination) { return *facts_.at(std::string(destination)); }
  [[nodiscard]] bool is(Defect defect) const { return fate_.defect == defect; }
  /// Runs `change` between two moments at which the process may die; `told` says what is durable.
  template <class Change, class Told>
  auto durably(Change&& change, Told&& told) -> decltype(change()) {
    fate_.maybe_die();
    if (fate_.fails(2)) return fail(ErrorKind::full, "state-full", "no room");
    auto done = change();
    if (done) told(*done);
    fate_.maybe_die();
    return done;
  }

  state::State& inner_;
  Fate& fate_;
  std::map<std::string, Facts*> facts_;
  std::vector<std::pair<std::string, std::uint64_t>> last_stored_;
};

}  // namespace user_events::delivery::whole
