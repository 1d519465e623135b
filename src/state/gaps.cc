// Events that destinations will never get.
#include <algorithm>

#include "base/try.h"
#include "state/ranges.h"
#include "state/sqlite_state.h"

namespace user_events::state {
namespace {

/// `ranges` without what lies in [first, end).
Ranges without(const Ranges& ranges, std::uint64_t first, std::uint64_t end) {
  Ranges left;
  for (const auto& [from, to] : ranges) {
    if (from < std::min(to, first)) left.emplace_back(from, std::min(to, first));
    if (std::max(from, end) < to) left.emplace_back(std::max(from, end), to);
  }
  return left;
}

/// An older record knows better: whoever comes back after a restart counts as done what was lost.
void take_back_lost(const Gap& older, Ranges& delivered) {
  std::uint64_t at = older.first;
  for (const auto& [from, to] : older.delivered) {
    delivered = without(delivered, at, from);
    at = to;
  }
  delivered = without(delivered, at, older.last + 1);
}

}  // namespace

std::uint64_t Gap::events() const noexcept {
  std::uint64_t lost = last - first + 1;
  for (const auto& [from, to] : delivered) lost -= to - from;
  return lost;
}

bool Gap::covers(std::uint64_t sequence) const noexcept {
  const auto had = [sequence](const auto& range) { return range.first <= sequence && sequence < range.second; };
  return first <= sequence && sequence <= last && std::ranges::none_of(delivered, had);
}

Result<void> SqliteState::record_gap(std::string_view destination, std::string_view journal_id, const Gap& gap) {
  std::lock_guard lock(mutex_);
  auto done = transact([&]() -> Result<void> {
    UE_TRY_ASSIGN(const std::int64_t journal, ordinal(journal_id, true));
    return write_gap(destination, journal, gap);
  });
  if (!done) reload_journals();
  return done;
}

Result<void> SqliteState::write_gap(std::string_view destination, std::int64_t journal, Gap gap) {
  UE_TRY_ASSIGN(Statement within, connection_.prepare("DELETE FROM gap WHERE destination = ? AND first >= ? AND last <= ? RETURNING first, last, delivered, at_ms"));
  std::vector<std::pair<Gap, std::string>> older;
  UE_TRY(within.each({destination, to_place(journal, gap.first), to_place(journal, gap.last)}, [&](const Statement& row) {
    older.emplace_back(Gap{.first = sequence_of(row.integer(0)), .last = sequence_of(row.integer(1)), .at_ms = row.integer(3)}, row.text(2));
  }));
  for (auto& [one, packed_ranges] : older) {
    UE_TRY_ASSIGN(one.delivered, unpack(one.first, packed_ranges));
    take_back_lost(one, gap.delivered);
    if (one.first == gap.first && one.last == gap.last) gap.at_ms = one.at_ms;  // told again, after a crash before the position was saved
  }
  UE_TRY_ASSIGN(Statement touching, connection_.prepare("DELETE FROM gap WHERE destination = ? AND last = ? AND reason = ? RETURNING first, delivered"));
  std::string delivered;
  const std::uint64_t began = gap.first;
  UE_TRY(touching.each({destination, to_place(journal, began - 1), std::string_view(gap.reason)}, [&](const Statement& row) {
    gap.first = sequence_of(row.integer(0));
    delivered = row.text(1);
  }));
  UE_TRY_ASSIGN(auto ranges, unpack(gap.first, delivered));
  ranges.insert(ranges.end(), gap.delivered.begin(), gap.delivered.end());
  const std::string packed = pack(gap.first, ranges);
  UE_TRY_ASSIGN(Statement insert, connection_.prepare("INSERT OR IGNORE INTO gap VALUES (?, ?, ?, ?, ?, ?)"));
  UE_TRY(insert.run({destination, to_place(journal, gap.first), to_place(journal, gap.last), Blob{packed}, gap.at_ms, std::string_view(gap.reason)}));
  UE_TRY_ASSIGN(Statement prune, connection_.prepare("DELETE FROM gap WHERE destination = ?1 AND first NOT IN "
                                                     "(SELECT first FROM gap WHERE destination = ?1 ORDER BY first DESC LIMIT ?2)"));
  return prune.run({destination, kGapsKept});
}

Result<std::vector<Gap>> SqliteState::gaps(std::string_view destination, std::string_view journal_id) {
  std::lock_guard lock(mutex_);
  std::vector<Gap> found;
  std::vector<std::string> delivered;
  UE_TRY_ASSIGN(const std::int64_t journal, ordinal(journal_id, false));
  if (journal < 0) return found;
  UE_TRY_ASSIGN(Statement select, connection_.prepare("SELECT first, last, at_ms, reason, delivered FROM gap WHERE destination = ? AND first >= ? AND first < ? "
                                                      "ORDER BY first"));
  UE_TRY(select.each({destination, to_place(journal, 0), to_place(journal + 1, 0)}, [&](const Statement& row) {
    found.push_back({sequence_of(row.integer(0)), sequence_of(row.integer(1)), {}, row.integer(2), row.text(3)});
    delivered.push_back(row.text(4));
  }));
  for (std::size_t i = 0; i < found.size(); ++i) {
    UE_TRY_ASSIGN(found[i].delivered, unpack(found[i].first, delivered[i]));
  }
  return found;
}

}  // namespace user_events::state
