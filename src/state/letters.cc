// The dead letter store: letters in and out, their lines, and what people look for in it.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "base/type_filter.h"
#include "state/sqlite_state.h"

namespace user_events::state {
namespace {

std::int64_t to_sql(LetterState state) { return static_cast<std::int64_t>(state); }

/// Position of `payload` behind kLetterColumns.
constexpr int kPayloadColumn = 14;

}  // namespace

Result<void> SqliteState::prepare_letters() {
  const std::string columns(kLetterColumns);
  const std::pair<Statement*, std::string> statements[] = {
      {&store_, "INSERT OR IGNORE INTO letter (destination, place, id, state, in_line, type, key, reason, attempts, replays, since_ms, request, copy_due, "
                "folded, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)"},
      // SQLite gives the other columns of the row that has the minimum.
      {&lines_, "SELECT key, min(place), state FROM letter WHERE destination = ? AND in_line = 1 GROUP BY key"},
      {&skipped_, "SELECT place FROM letter WHERE destination = ? AND in_line = 0 AND place > ? AND place < ? ORDER BY place"},
      {&first_, "SELECT " + columns + ", payload FROM letter WHERE destination = ? AND key = ? AND in_line = 1 ORDER BY place LIMIT 1"},
      {&loose_, "SELECT " + columns + ", payload FROM letter WHERE destination = ? AND number > ? AND (copy_due = 1 OR (in_line = 0 AND state = 3)) "
                "ORDER BY number LIMIT ?"},
      {&deliver_, "DELETE FROM letter WHERE number = ? AND destination = ? RETURNING request"},
      {&one_, "SELECT request, key, in_line, place FROM letter WHERE number = ? AND destination = ?"},
      {&kill_, "UPDATE letter SET state = CASE WHEN in_line = 1 AND ?1 = 1 THEN 0 ELSE 4 END, in_line = in_line AND ?1, reason = ?2, attempts = ?3, "
               "request = 0, copy_due = copy_due OR ?4 WHERE number = ?5"},
      {&leave_, "UPDATE letter SET request = 0 WHERE destination = ? AND key = ? AND in_line = 1 AND place > ? AND request = ?"},
      {&copied_, "UPDATE letter SET copy_due = 0 WHERE number = ? AND destination = ?"},
      {&delivered_again_, "UPDATE replay SET delivered = delivered + 1 WHERE number = ?"},
      {&dead_again_, "UPDATE replay SET dead_again = dead_again + 1 WHERE number = ?"},
      {&counts_, "SELECT state, count(*), min(since_ms) FROM letter WHERE destination = ? GROUP BY state"},
      {&event_, "SELECT state FROM letter WHERE destination = ? AND place = ?"},
      {&event_discarded_, "SELECT 1 FROM discarded WHERE destination = ? AND place = ?"},
      {&up_to_, "SELECT max(state IN (0, 4)), max(state IN (1, 2, 3)) FROM letter WHERE destination = ? AND place >= ? AND place <= ?"},
  };
  for (const auto& [statement, sql] : statements) {
    UE_TRY_ASSIGN(*statement, connection_.prepare(sql));
  }
  return {};
}

std::string SqliteState::journal_of(std::int64_t place) const {
  const auto journal = journals_.find(place >> kSequenceBits);
  return journal == journals_.end() ? std::string() : journal->second;
}

Letter SqliteState::to_letter(const Statement& row, int at) const {
  Letter letter;
  letter.number = from_sql(row.integer(at));
  letter.state = static_cast<LetterState>(row.integer(at + 1));
  letter.in_line = row.integer(at + 2) != 0;
  const std::int64_t place = row.integer(at + 3);
  letter.journal_id = journal_of(place);
  letter.sequence = sequence_of(place);
  letter.id = row.text(at + 4);
  letter.type = row.text(at + 5);
  letter.key = row.text(at + 6);
  letter.reason = row.text(at + 7);
  letter.attempts = static_cast<std::uint32_t>(row.integer(at + 8));
  letter.replays = static_cast<std::uint32_t>(row.integer(at + 9));
  letter.since_ms = row.integer(at + 10);
  letter.request = from_sql(row.integer(at + 11));
  letter.copy_due = row.integer(at + 12) != 0;
  letter.folded = static_cast<std::uint32_t>(row.integer(at + 13));
  return letter;
}

Result<std::uint64_t> SqliteState::store_letters(std::string_view destination, const std::vector<Letter>& letters) {
  std::lock_guard lock(mutex_);
  std::uint64_t added = 0;
  const auto store_all = [&]() -> Result<void> {
    for (const Letter& one : letters) {
      UE_TRY_ASSIGN(const std::int64_t journal, ordinal(one.journal_id, true));
      UE_TRY(store_.run({destination, to_place(journal, one.sequence), std::string_view(one.id), to_sql(one.state), std::int64_t{one.in_line},
                         std::string_view(one.type), Blob{one.key}, std::string_view(one.reason), std::int64_t{one.attempts},
                         std::int64_t{one.replays}, one.since_ms, std::int64_t{one.copy_due}, std::int64_t{one.folded}, Blob{one.payload}}));
      added += static_cast<std::uint64_t>(connection_.changes());
    }
    return {};
  };
  if (auto done = transact(store_all); !done) {
    reload_journals();
    return std::unexpected(std::move(done).error());
  }
  return added;
}

Result<std::vector<HeldKey>> SqliteState::held_keys(std::string_view destination, std::string_view journal_id) {
  std::lock_guard lock(mutex_);
  UE_TRY_ASSIGN(const std::int64_t journal, ordinal(journal_id, false));
  std::vector<HeldKey> keys;
  UE_TRY(lines_.each({destination}, [&](const Statement& row) {
    const std::int64_t place = row.integer(1);
    const bool is_this_journal = place >> kSequenceBits == journal;
    keys.push_back({row.text(0), is_this_journal ? sequence_of(place) : 0, static_cast<LetterState>(row.integer(2)) != LetterState::dead});
  }));
  return keys;
}

Result<std::vector<std::uint64_t>> SqliteState::skipped_sequences(std::string_view destination, std::string_view journal_id, std::uint64_t after) {
  std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> sequences;
  UE_TRY_ASSIGN(const std::int64_t journal, ordinal(journal_id, false));
  if (journal < 0) return sequences;
  UE_TRY(skipped_.each({destination, to_place(journal, after), to_place(journal + 1, 0)},
                       [&](const Statement& row) { sequences.push_back(sequence_of(row.integer(0))); }));
  return sequences;
}

Result<std::optional<Letter>> SqliteState::first_in_line(std::string_view destination, std::string_view key) {
  std::lock_guard lock(mutex_);
  std::optional<Letter> found;
  UE_TRY(first_.each({destination, Blob{key}}, [&](const Statement& row) {
    found = to_letter(row, 0);
    found->payload = row.text(kPayloadColumn);
  }));
  return found;
}

Result<std::vector<Letter>> SqliteState::loose_letters(std::string_view destination, std::uint64_t after, std::size_t limit) {
  std::lock_guard lock(mutex_);
  std::vector<Letter> letters;
  UE_TRY(loose_.each({destination, state::to_sql(after), static_cast<std::int64_t>(limit)}, [&](const Statement& row) {
    letters.push_back(to_letter(row, 0));
    letters.back().payload = row.text(kPayloadColumn);
  }));
  return letters;
}

Result<void> SqliteState::settle(std::string_view destination, std::span<const LetterEnd> ends, std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  return transact([&]() -> Result<void> {
    std::vector<std::int64_t> requests;
    for (const LetterEnd& end : ends) UE_TRY(settle_one(destination, end, requests));
    return finish_replays(requests, now_ms);
  });
}

Result<void> SqliteState::settle_one(std::string_view destination, const LetterEnd& end, std::vector<std::int64_t>& requests) {
  const std::int64_t number = state::to_sql(end.number);
  if (end.kind == LetterEnd::Kind::copied) return copied_.run({number, destination});
  std::int64_t request = 0;
  if (end.kind == LetterEnd::Kind::delivered) {
    UE_TRY(deliver_.each({number, destination}, [&](const Statement& row) { request = row.integer(0); }));
    if (request == 0) return {};
    requests.push_back(request);
    return delivered_again_.run({request});
  }
  std::string key;
  std::int64_t place = -1;
  bool line_stands = false;
  UE_TRY(one_.each({number, destination}, [&](const Statement& row) {
    request = row.integer(0);
    key = row.text(1);
    line_stands = row.integer(2) != 0 && end.in_line;
    place = row.integer(3);
  }));
  if (place < 0) return {};
  UE_TRY(kill_.run({std::int64_t{end.in_line}, std::string_view(end.reason), std::int64_t{end.attempts}, std::int64_t{end.copy_due}, number}));
  if (request == 0) return {};
  requests.push_back(request);
  if (line_stands) UE_TRY(leave_.run({destination, Blob{key}, place, request}));
  return dead_again_.run({request});
}

Result<std::vector<Letter>> SqliteState::letters(const DeadLetterFilter& filter, std::uint64_t after, std::size_t limit,
                                                 std::vector<std::string>& destinations) {
  UE_TRY_ASSIGN(const FilterText where, FilterText::make(filter));
  std::lock_guard lock(mutex_);
  const bool any = filter.destination.empty();
  UE_TRY_ASSIGN(Statement select, connection_.prepare(fmt::format("SELECT destination, {} FROM letter WHERE number > ? AND {} {} ORDER BY number LIMIT {}",
                                                                  kLetterColumns, any ? "? = ''" : "destination = ?", where.sql(), limit)));
  std::vector<Letter> found;
  UE_TRY(select.each(where.parameters({state::to_sql(after), std::string_view(filter.destination)}), [&](const Statement& row) {
    destinations.push_back(row.text(0));
    found.push_back(to_letter(row, 1));
  }));
  return found;
}

Result<std::optional<std::pair<std::string, Letter>>> SqliteState::letter(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  UE_TRY_ASSIGN(Statement select, connection_.prepare(fmt::format("SELECT {}, payload, destination FROM letter WHERE number = ?", kLetterColumns)));
  std::optional<std::pair<std::string, Letter>> found;
  UE_TRY(select.each({state::to_sql(number)}, [&](const Statement& row) {
    found.emplace(row.text(kPayloadColumn + 1), to_letter(row, 0));
    found->second.payload = row.text(kPayloadColumn);
  }));
  return found;
}

Result<DeadLetterCounts> SqliteState::letter_counts(std::string_view destination) {
  std::lock_guard lock(mutex_);
  DeadLetterCounts counts;
  UE_TRY(counts_.each({destination}, [&](const Statement& row) {
    const auto state = static_cast<LetterState>(row.integer(0));
    const std::uint64_t count = from_sql(row.integer(1));
    switch (state) {
      case LetterState::dead: counts.dead = count; break;
      case LetterState::held: counts.held = count; break;
      case LetterState::parked: counts.parked = count; break;
      case LetterState::replaying: counts.replaying = count; break;
      case LetterState::skipped: counts.skipped = count; break;
    }
    if (state != LetterState::dead && state != LetterState::skipped) return;
    const Timestamp oldest{std::chrono::milliseconds(row.integer(2))};
    if (!counts.oldest || oldest < *counts.oldest) counts.oldest = oldest;
  }));
  return counts;
}

Result<std::optional<std::optional<LetterState>>> SqliteState::find_event(std::string_view destination, std::string_view journal_id,
                                                                          std::uint64_t sequence) {
  std::lock_guard lock(mutex_);
  std::optional<std::optional<LetterState>> found;
  UE_TRY_ASSIGN(const std::int64_t journal, ordinal(journal_id, false));
  if (journal < 0) return found;
  const std::int64_t place = to_place(journal, sequence);
  UE_TRY(event_discarded_.each({destination, place}, [&](const Statement&) { found.emplace(); }));
  UE_TRY(event_.each({destination, place}, [&](const Statement& row) { found.emplace(static_cast<LetterState>(row.integer(0))); }));
  return found;
}

Result<State::UpTo> SqliteState::letters_up_to(std::string_view destination, std::string_view journal_id, std::uint64_t until) {
  std::lock_guard lock(mutex_);
  UpTo out;
  UE_TRY_ASSIGN(const std::int64_t journal, ordinal(journal_id, false));
  if (journal < 0) return out;
  UE_TRY(up_to_.each({destination, to_place(journal, 0), to_place(journal, until)}, [&](const Statement& row) {
    out = {row.integer(0) != 0, row.integer(1) != 0};
  }));
  return out;
}

Result<FilterText> FilterText::make(const DeadLetterFilter& filter) {
  if (filter.numbers.size() > kMaxDeadLetterNumbers)
    return fail(ErrorKind::invalid, "numbers", fmt::format("at most {} numbers", kMaxDeadLetterNumbers), "use a filter, or several calls");
  UE_TRY(base::TypeFilter::parse(filter.types));
  UE_TRY(base::TypeFilter::parse(filter.within));
  FilterText out;
  // Views into `texts_` are bound below: it must not move them.
  out.texts_.reserve(filter.types.size() + filter.within.size());
  if (!filter.numbers.empty()) out.sql_ += fmt::format(" AND number IN ({})", fmt::join(filter.numbers, ","));
  out.add_types(filter.types);
  out.add_types(filter.within);
  if (!filter.user.empty()) {
    out.sql_ += " AND key = ?";
    out.bound_.emplace_back(Blob{filter.user});
  }
  if (filter.since) out.sql_ += fmt::format(" AND since_ms >= {}", filter.since->time_since_epoch().count());
  if (filter.until) out.sql_ += fmt::format(" AND since_ms < {}", filter.until->time_since_epoch().count());
  if (!filter.reason.empty()) {
    out.sql_ += " AND instr(lower(reason), lower(?)) > 0";
    out.bound_.emplace_back(std::string_view(filter.reason));
  }
  if (!filter.states.empty()) {
    std::vector<int> states;
    for (const auto state : filter.states) states.push_back(static_cast<int>(state));
    out.sql_ += fmt::format(" AND state IN ({})", fmt::join(states, ","));
  }
  return out;
}

void FilterText::add_types(const std::vector<std::string>& patterns) {
  const auto condition = [this](std::string pattern) -> std::string {
    if (pattern == "*") return "1";
    const bool below = pattern.ends_with(".*");
    if (below) pattern.pop_back();
    const std::size_t size = pattern.size();
    bound_.emplace_back(std::string_view(texts_.emplace_back(std::move(pattern))));
    return below ? fmt::format("(substr(type, 1, {}) = ? AND length(type) > {})", size, size) : "type = ?";
  };
  std::string positive;
  for (const std::string& pattern : patterns)
    if (pattern.starts_with('!')) sql_ += " AND NOT " + condition(pattern.substr(1));
  for (const std::string& pattern : patterns)
    if (!pattern.starts_with('!')) positive += (positive.empty() ? "" : " OR ") + condition(pattern);
  if (!positive.empty()) sql_ += " AND (" + positive + ")";
}

std::vector<Parameter> FilterText::parameters(std::initializer_list<Parameter> before) const {
  std::vector<Parameter> all(before);
  all.insert(all.end(), bound_.begin(), bound_.end());
  return all;
}

}  // namespace user_events::state
