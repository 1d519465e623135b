// A State that hands everything on: the base of states that fail when a test says so.
#pragma once

#include "state/state.h"

namespace user_events::delivery::test {

class ForwardingState : public state::State {
 public:
  explicit ForwardingState(state::State& inner) : inner_(inner) {}
  Result<std::optional<state::SavedPosition>> position(std::string_view d) override { return inner_.position(d); }
  Result<void> save_position(std::string_view d, const state::SavedPosition& p) override { return inner_.save_position(d, p); }
  Result<std::vector<std::string>> destinations() override { return inner_.destinations(); }
  Result<void> remove_destination(std::string_view d) override { return inner_.remove_destination(d); }
  Result<void> record_gap(std::string_view d, std::string_view j, const state::Gap& g) override { return inner_.record_gap(d, j, g); }
  Result<std::vector<state::Gap>> gaps(std::string_view d, std::string_view j) override { return inner_.gaps(d, j); }
  Result<bool> is_paused(std::string_view d) override { return inner_.is_paused(d); }
  Result<void> set_paused(std::string_view d, bool p) override { return inner_.set_paused(d, p); }
  Result<std::uint64_t> store_letters(std::string_view d, const std::vector<state::Letter>& l) override { return inner_.store_letters(d, l); }
  Result<std::vector<state::HeldKey>> held_keys(std::string_view d, std::string_view j) override { return inner_.held_keys(d, j); }
  Result<std::vector<std::uint64_t>> skipped_sequences(std::string_view d, std::string_view j, std::uint64_t a) override {
    return inner_.skipped_sequences(d, j, a);
  }
  Result<std::optional<state::Letter>> first_in_line(std::string_view d, std::string_view k) override { return inner_.first_in_line(d, k); }
  Result<std::vector<state::Letter>> loose_letters(std::string_view d, std::uint64_t a, std::size_t n) override { return inner_.loose_letters(d, a, n); }
  Result<void> settle(std::string_view d, std::span<const state::LetterEnd> e, std::int64_t now) override { return inner_.settle(d, e, now); }
  Result<std::vector<state::Letter>> letters(const DeadLetterFilter& f, std::uint64_t a, std::size_t n, std::vector<std::string>& d) override {
    return inner_.letters(f, a, n, d);
  }
  Result<std::optional<std::pair<std::string, state::Letter>>> letter(std::uint64_t n) override { return inner_.letter(n); }
  Result<DeadLetterCounts> letter_counts(std::string_view d) override { return inner_.letter_counts(d); }
  Result<std::optional<std::optional<state::LetterState>>> find_event(std::string_view d, std::string_view j, std::uint64_t s) override {
    return inner_.find_event(d, j, s);
  }
  Result<UpTo> letters_up_to(std::string_view d, std::string_view j, std::uint64_t u) override { return inner_.letters_up_to(d, j, u); }
  Result<std::optional<DeadLetterReplay>> start_replay(std::string_view d, const DeadLetterFilter& f, const ReplayOptions& o, std::int64_t now) override {
    return inner_.start_replay(d, f, o, now);
  }
  Result<std::vector<DeadLetterReplay>> replays(std::uint64_t n) override { return inner_.replays(n); }
  Result<void> cancel_replay(std::uint64_t n, std::int64_t now) override { return inner_.cancel_replay(n, now); }
  Result<state::Discarded> discard(std::string_view d, const DeadLetterFilter& f, const state::DiscardOrder& o) override { return inner_.discard(d, f, o); }
  Result<std::vector<DiscardedLetter>> discarded(const DeadLetterFilter& f, std::uint64_t a, std::size_t n) override { return inner_.discarded(f, a, n); }

 private:
  state::State& inner_;
};

}  // namespace user_events::delivery::test
