// What people do about delivery: dead letters, replays, pausing a destination, sending a stretch of the journal again.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/try.h"
#include "base/type_filter.h"
#include "encoding/envelope.h"
#include "publisher/audited.h"
#include "publisher/engine.h"

namespace user_events {
namespace {


constexpr std::array<std::pair<DeadLetterState, std::string_view>, 5> kStates = {{{DeadLetterState::dead, "dead"},
                                                                                   {DeadLetterState::held, "held"},
                                                                                   {DeadLetterState::parked, "parked"},
                                                                                   {DeadLetterState::replaying, "replaying"},
                                                                                   {DeadLetterState::skipped, "skipped"}}};

DeadLetter to_public(std::string destination, state::Letter&& letter) {
  DeadLetter out;
  out.number = letter.number;
  out.destination = std::move(destination);
  out.state = letter.state;
  out.journal_id = std::move(letter.journal_id);
  out.sequence = letter.sequence;
  out.event_id = std::move(letter.id);
  out.type = std::move(letter.type);
  out.user = std::move(letter.key);
  out.reason = std::move(letter.reason);
  out.attempts = letter.attempts;
  out.replays = letter.replays;
  out.since = Timestamp(std::chrono::milliseconds(letter.since_ms));
  return out;
}

std::unexpected<Error> no_such_letter() {
  return fail(ErrorKind::not_found, "no-dead-letter", "no dead letter matches", "`user-events dead-letters list` shows what there is");
}

std::unexpected<Error> no_letter(std::uint64_t number) {
  return fail(ErrorKind::not_found, "no-dead-letter", fmt::format("there is no dead letter {}", number));
}

Result<void> check_limit(std::size_t limit) {
  if (limit != 0 && limit <= kMaxPageLetters) return {};
  return fail(ErrorKind::invalid, "limit", fmt::format("limit must be 1 to {}", kMaxPageLetters));
}

std::unexpected<Error> no_such_replay(std::uint64_t number) {
  return fail(ErrorKind::not_found, "no-replay", fmt::format("there is no replay {}", number));
}

/// The first sequence accepted at or after `time`, by halving: times grow with sequences, clock jumps aside.
Result<std::uint64_t> sequence_at(const journal::Journal& journal, Timestamp time) {
  std::uint64_t low = journal.stats().first_sequence, high = journal.durable_sequence() + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    UE_TRY_ASSIGN(const auto chunk, journal.reader(middle - 1).next());
    if (chunk.empty() || chunk.first_sequence() != middle || chunk[0].accepted_ms >= time.time_since_epoch().count())
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace

std::string_view to_text(DeadLetterState state) noexcept {
  const auto found = std::ranges::find(kStates, state, &std::pair<DeadLetterState, std::string_view>::first);
  return found == kStates.end() ? "dead" : found->second;
}

std::optional<DeadLetterState> dead_letter_state(std::string_view text) noexcept {
  const auto found = std::ranges::find(kStates, text, &std::pair<DeadLetterState, std::string_view>::second);
  return found == kStates.end() ? std::nullopt : std::optional(found->first);
}

DeadLetterFilter UserEventPublisher::Impl::stored(DeadLetterFilter filter) const {
  if (!filter.user.empty() && !privacy::subject_of(filter.user)) filter.user = former->lane(filter.user);
  return filter;
}

Result<delivery::Runner*> UserEventPublisher::Impl::runner_of(const std::string& name) const {
  if (options.read_only)
    return fail(ErrorKind::usage, "read-only", "the data directory is open for reading only", "ask the daemon that runs on it");
  for (const auto& one : destinations)
    if (one.options.name == name) return one.runner.get();
  return fail(ErrorKind::not_found, "no-destination", fmt::format("there is no destination '{}'", name), "`user-events destination list` names them");
}

Result<DeadLetterPage> UserEventPublisher::dead_letters(const DeadLetterFilter& given, std::uint64_t after, std::size_t limit) const {
  const auto filter = impl_->stored(given);
  UE_TRY(check_limit(limit));
  std::vector<std::string> destinations;
  UE_TRY_ASSIGN(auto letters, impl_->state->letters(filter, after, limit + 1, destinations));
  DeadLetterPage page;
  for (std::size_t i = 0; i < std::min(letters.size(), limit); ++i) page.letters.push_back(to_public(std::move(destinations[i]), std::move(letters[i])));
  if (letters.size() > limit) page.next = page.letters.back().number;
  return page;
}

Result<DeadLetterDetail> UserEventPublisher::dead_letter(std::uint64_t number, const std::vector<std::string>& within, const ReaderView& view) const {
  UE_TRY_ASSIGN(const auto visible, base::TypeFilter::parse(within));
  UE_TRY_ASSIGN(auto found, impl_->state->letter(number));
  if (!found) {
    if (discarded_letter(number, within))
      return fail(ErrorKind::not_found, "discarded", fmt::format("letter {} was given up for good", number),
                  "`user-events dead-letters list --discarded` says by whom, when and why");
    return no_letter(number);
  }
  if (!visible.matches(found->second.type)) return no_letter(number);
  auto& [destination, letter] = *found;
  DeadLetterDetail out;
  std::string scratch;
  UE_TRY_ASSIGN(auto disclosure, impl_->views->of(view));
  UE_TRY_ASSIGN(const bool names_users, impl_->views->names_users(view));
  auto envelope = impl_->opener().open({letter.id, letter.type, letter.key}, letter.payload, scratch);
  if (envelope && disclosure)
    if (auto shown = disclosure->apply(*envelope); !shown) envelope = std::unexpected(std::move(shown).error());
  const encoding::Position position{letter.journal_id, letter.sequence, letter.replays, letter.folded};
  if (envelope)
    encoding::append_cloudevents_json(*envelope, position, out.json);
  else if (privacy::is_erased(envelope.error()))
    encoding::append_erased_json({.id = letter.id, .source = impl_->options.source, .type = letter.type, .time_ms = letter.since_ms}, position, out.json);
  else
    return std::unexpected(envelope.error());
  if (letter.in_line) {
    UE_TRY_ASSIGN(const auto first, impl_->state->first_in_line(destination, letter.key));
    if (first && first->number != number) out.behind = first->number;
  }
  out.letter = to_public(std::move(destination), std::move(letter));
  if (!names_users) out.letter.user.clear();
  return out;
}

namespace {

/// The destinations a filter names: that one, or all.
template <class ImplType>
Result<std::vector<std::string>> chosen(const ImplType& impl, const DeadLetterFilter& filter) {
  if (!filter.destination.empty()) {
    UE_TRY(impl.runner_of(filter.destination));
    return std::vector{filter.destination};
  }
  std::vector<std::string> all;
  for (const auto& one : impl.destinations) all.push_back(one.options.name);
  if (all.empty()) UE_TRY(impl.runner_of(""));
  return all;
}

}  // namespace

Result<std::vector<DeadLetterReplay>> UserEventPublisher::replay_dead_letters(const DeadLetterFilter& given, const ReplayOptions& options) {
  const auto filter = impl_->stored(given);
  UE_TRY_ASSIGN(const auto names, chosen(*impl_, filter));
  std::string asked = impl_->asked_of(given);
  if (options.rate != 0) publisher::append_number("rate", options.rate, asked);
  const auto replay_each = [&]() -> Result<std::vector<DeadLetterReplay>> {
    std::vector<DeadLetterReplay> replays;
    for (const auto& name : names) {
      UE_TRY_ASSIGN(auto* runner, impl_->runner_of(name));
      UE_TRY_ASSIGN(auto replay, runner->replay_letters(filter, options));
      if (replay) replays.push_back(*std::move(replay));
    }
    if (!replays.empty()) return replays;
    UE_TRY_ASSIGN(const auto page, dead_letters(given, 0, 1));
    if (page.letters.empty()) return no_such_letter();
    return fail(ErrorKind::conflict, "nothing-to-replay", "what matches waits behind an earlier letter of its user, or is being sent already",
                "replay or discard the letter it waits for (`user-events dead-letters show` names it)");
  };
  return audit::recorded(impl_->audit.get(), {"dead-letters.replay", options.requested_by, asked}, replay_each, [](const auto& done) {
    std::uint64_t letters = 0;
    for (const auto& replay : *done) letters += replay.total;
    return fmt::format(R"("letters":{})", letters);
  });
}

Result<std::vector<DeadLetterReplay>> UserEventPublisher::dead_letter_replays() const { return impl_->state->replays(0); }

Result<DeadLetterReplay> UserEventPublisher::dead_letter_replay(std::uint64_t number) const {
  if (number == 0) return no_such_replay(number);
  UE_TRY_ASSIGN(auto found, impl_->state->replays(number));
  if (found.empty()) return no_such_replay(number);
  return std::move(found.front());
}

Result<DeadLetterReplay> UserEventPublisher::cancel_dead_letter_replay(std::uint64_t number, const std::string& by) {
  UE_TRY_ASSIGN(const auto replay, dead_letter_replay(number));
  UE_TRY_ASSIGN(auto* runner, impl_->runner_of(replay.destination));
  std::string asked;
  publisher::append_text("destination", replay.destination, asked);
  publisher::append_number("replay", number, asked);
  UE_TRY(audit::recorded(impl_->audit.get(), {"dead-letters.cancel", by, asked}, [&] { return runner->cancel_replay(number); }));
  return dead_letter_replay(number);
}

Result<DiscardResult> UserEventPublisher::discard_dead_letters(const DeadLetterFilter& given, const std::string& reason,
                                                               const std::string& discarded_by) {
  const auto filter = impl_->stored(given);
  UE_TRY(publisher::check_reason(reason));
  UE_TRY_ASSIGN(const auto names, chosen(*impl_, filter));
  std::string asked = impl_->asked_of(given);
  publisher::append_text("reason", reason, asked);
  const auto discard_each = [&]() -> Result<DiscardResult> {
    DiscardResult out;
    for (const auto& name : names) {
      UE_TRY_ASSIGN(auto* runner, impl_->runner_of(name));
      UE_TRY_ASSIGN(const auto count, runner->discard_letters(filter, reason, discarded_by));
      out.discarded += count;
    }
    if (out.discarded == 0) return no_such_letter();
    return out;
  };
  return audit::recorded(impl_->audit.get(), {"dead-letters.discard", discarded_by, asked}, discard_each,
                         [](const auto& done) { return fmt::format(R"("letters":{})", done->discarded); });
}

Result<DiscardedPage> UserEventPublisher::discarded_letters(const DeadLetterFilter& filter, std::uint64_t after, std::size_t limit) const {
  UE_TRY(check_limit(limit));
  DiscardedPage page;
  UE_TRY_ASSIGN(page.letters, impl_->state->discarded(filter, after, limit + 1));
  if (page.letters.size() <= limit) return page;
  page.letters.pop_back();
  page.next = page.letters.back().number;
  return page;
}

Result<DiscardedLetter> UserEventPublisher::discarded_letter(std::uint64_t number, const std::vector<std::string>& within) const {
  UE_TRY_ASSIGN(auto found, impl_->state->discarded({.numbers = {number}, .within = within}, 0, 1));
  if (found.empty()) return no_letter(number);
  return std::move(found.front());
}

Result<void> UserEventPublisher::Impl::set_paused(const std::string& name, bool paused, const std::string& by) {
  UE_TRY_ASSIGN(auto* runner, runner_of(name));
  std::string asked;
  publisher::append_text("destination", name, asked);
  return audit::recorded(audit.get(), {paused ? "destination.pause" : "destination.resume", by, asked}, [&] { return runner->set_paused(paused); });
}

Result<void> UserEventPublisher::pause_destination(const std::string& name, const std::string& by) { return impl_->set_paused(name, true, by); }

Result<void> UserEventPublisher::resume_destination(const std::string& name, const std::string& by) { return impl_->set_paused(name, false, by); }

Result<RewindResult> UserEventPublisher::replay_destination(const std::string& name, const RewindTarget& target, const std::string& by) {
  UE_TRY_ASSIGN(auto* runner, impl_->runner_of(name));
  if (target.sequence.has_value() == target.time.has_value())
    return fail(ErrorKind::invalid, "rewind-target", "either a sequence or a time is needed", "say from where on to send again");
  std::uint64_t sequence = target.sequence.value_or(0);
  if (target.time) {
    UE_TRY_ASSIGN(sequence, sequence_at(*impl_->journal, *target.time));
  }
  std::string asked;
  publisher::append_text("destination", name, asked);
  publisher::append_number("from", sequence, asked);
  return audit::recorded(impl_->audit.get(), {"destination.replay", by, asked}, [&] { return runner->rewind(sequence); },
                         [](const auto& done) { return fmt::format(R"("from":{},"until":{})", done->from, done->until); });
}

}  // namespace user_events
