// The State over SQLite. state.cc: the file, its schema, positions; letters.cc: the dead letter store; replays.cc: replays and discarding;
// gaps.cc: what destinations will never get.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "state/sqlite.h"
#include "state/state.h"

namespace user_events::state {

inline std::int64_t to_sql(std::uint64_t value) { return static_cast<std::int64_t>(value); }
inline std::uint64_t from_sql(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// Orders letters within a line, over journals: the ordinal in which the journal came to be known, then the sequence.
inline constexpr unsigned kSequenceBits = 48;
inline std::int64_t to_place(std::int64_t ordinal, std::uint64_t sequence) { return (ordinal << kSequenceBits) | to_sql(sequence); }
inline std::uint64_t sequence_of(std::int64_t place) { return from_sql(place) & ((1ull << kSequenceBits) - 1); }

class SqliteState final : public State {
 public:
  explicit SqliteState(Connection connection) : connection_(std::move(connection)) {}
  Result<void> prepare();

  Result<std::optional<SavedPosition>> position(std::string_view destination) override;
  Result<void> save_position(std::string_view destination, const SavedPosition& position) override;
  Result<std::vector<std::string>> destinations() override;
  Result<void> remove_destination(std::string_view destination) override;
  Result<void> record_gap(std::string_view destination, std::string_view journal_id, const Gap& gap) override;
  Result<std::vector<Gap>> gaps(std::string_view destination, std::string_view journal_id) override;
  Result<bool> is_paused(std::string_view destination) override;
  Result<void> set_paused(std::string_view destination, bool paused) override;

  Result<std::uint64_t> store_letters(std::string_view destination, const std::vector<Letter>& letters) override;
  Result<std::vector<HeldKey>> held_keys(std::string_view destination, std::string_view journal_id) override;
  Result<std::vector<std::uint64_t>> skipped_sequences(std::string_view destination, std::string_view journal_id, std::uint64_t after) override;
  Result<std::optional<Letter>> first_in_line(std::string_view destination, std::string_view key) override;
  Result<std::vector<Letter>> loose_letters(std::string_view destination, std::uint64_t after, std::size_t limit) override;
  Result<void> settle(std::string_view destination, std::span<const LetterEnd> ends, std::int64_t now_ms) override;
  Result<std::vector<Letter>> letters(const DeadLetterFilter& filter, std::uint64_t after, std::size_t limit,
                                      std::vector<std::string>& destinations) override;
  Result<std::optional<std::pair<std::string, Letter>>> letter(std::uint64_t number) override;
  Result<DeadLetterCounts> letter_counts(std::string_view destination) override;
  Result<std::optional<std::optional<LetterState>>> find_event(std::string_view destination, std::string_view journal_id,
                                                               std::uint64_t sequence) override;
  Result<UpTo> letters_up_to(std::string_view destination, std::string_view journal_id, std::uint64_t until) override;

  Result<std::optional<DeadLetterReplay>> start_replay(std::string_view destination, const DeadLetterFilter& filter, const ReplayOptions& options,
                                                       std::int64_t now_ms) override;
  Result<std::vector<DeadLetterReplay>> replays(std::uint64_t number) override;
  Result<void> cancel_replay(std::uint64_t number, std::int64_t now_ms) override;
  Result<Discarded> discard(std::string_view destination, const DeadLetterFilter& filter, const DiscardOrder& order) override;
  Result<std::vector<DiscardedLetter>> discarded(const DeadLetterFilter& filter, std::uint64_t after, std::size_t limit) override;

 private:
  /// Runs `body` (which returns Result<void>) in one transaction: all of it or nothing.
  template <class Body>
  Result<void> transact(Body&& body) {
    if (auto begun = connection_.run("BEGIN IMMEDIATE"); !begun) return begun;
    Result<void> done = body();
    if (done) done = connection_.run("COMMIT");
    if (!done) (void)connection_.run("ROLLBACK");  // the first error is the one that matters
    return done;
  }
  Result<void> prepare_letters();
  /// The ordinal of a journal; with `add`, a new one if it was not known, else -1.
  Result<std::int64_t> ordinal(std::string_view journal_id, bool add);
  Result<void> load_journals();
  /// After a transaction was taken back: a journal that became known in it is not known.
  void reload_journals();
  Result<void> write_gap(std::string_view destination, std::int64_t journal, Gap gap);
  [[nodiscard]] Letter to_letter(const Statement& row, int first_column) const;
  [[nodiscard]] std::string journal_of(std::int64_t place) const;
  Result<void> settle_one(std::string_view destination, const LetterEnd& end, std::vector<std::int64_t>& requests);
  Result<void> finish_replays(const std::vector<std::int64_t>& requests, std::int64_t now_ms);
  Result<std::vector<DeadLetterReplay>> read_replays(std::uint64_t number);

  std::mutex mutex_;
  Connection connection_;
  std::map<std::string, std::int64_t, std::less<>> ordinals_;
  std::map<std::int64_t, std::string> journals_;
  Statement load_, save_, names_, paused_, pause_;
  Statement store_, lines_, skipped_, first_, loose_, deliver_, one_, kill_, leave_, copied_, delivered_again_, dead_again_, counts_, event_, event_discarded_, up_to_;
};

/// The columns that `to_letter` reads, in order.
inline constexpr std::string_view kLetterColumns =
    "number, state, in_line, place, id, type, key, reason, attempts, replays, since_ms, request, copy_due, folded";

/// A filter as SQL: conditions over `letter`, each beginning with AND, and what they bind.
class FilterText {
 public:
  [[nodiscard]] static Result<FilterText> make(const DeadLetterFilter& filter);
  [[nodiscard]] const std::string& sql() const noexcept { return sql_; }
  /// Valid while `filter` and this live.
  [[nodiscard]] std::vector<Parameter> parameters(std::initializer_list<Parameter> before) const;

 private:
  void add_types(const std::vector<std::string>& patterns);
  std::string sql_;
  std::vector<Parameter> bound_;
  std::vector<std::string> texts_;
};

}  // namespace user_events::state
