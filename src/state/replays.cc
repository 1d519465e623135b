// Replays of dead letters as durable orders; giving letters up, and the record of that.
#include <fmt/format.h>

#include "base/try.h"
#include "state/sqlite_state.h"

namespace user_events::state {
namespace {

/// Finished replays of a destination that stay on record.
constexpr std::int64_t kReplaysKept = 1'000;

/// Marks what is dead, then what is held behind it: up to the next dead letter of the line that was not asked for.
constexpr std::string_view kMark =
    "UPDATE letter SET state = 3, replays = replays + 1, request = ? WHERE destination = ? AND state IN (0, 4){}";
constexpr std::string_view kMarkFollowers =
    "UPDATE letter SET request = ?1 WHERE destination = ?2 AND in_line = 1 AND state IN (1, 2) "
    "AND key IN (SELECT key FROM letter WHERE request = ?1 AND in_line = 1) "
    "AND place < coalesce((SELECT min(d.place) FROM letter d WHERE d.destination = ?2 AND d.key = letter.key AND d.in_line = 1 AND d.state = 0), "
    "9223372036854775807)";

/// Under the names of the letter store, so that its filter fits.
constexpr std::string_view kRecord =
    "(SELECT number, destination, place, id, type, cause AS reason, at_ms AS since_ms, reason AS why, discarded_by FROM discarded)";

}  // namespace

Result<std::optional<DeadLetterReplay>> SqliteState::start_replay(std::string_view destination, const DeadLetterFilter& filter,
                                                                  const ReplayOptions& options, std::int64_t now_ms) {
  UE_TRY_ASSIGN(const FilterText where, FilterText::make(filter));
  std::lock_guard lock(mutex_);
  std::int64_t number = 0, total = 0;
  const auto mark = [&]() -> Result<void> {
    UE_TRY_ASSIGN(Statement insert, connection_.prepare("INSERT INTO replay (destination, total, delivered, dead_again, rate, requested_by, since_ms, "
                                                        "finished_ms, cancelled) VALUES (?, 0, 0, 0, ?, ?, ?, 0, 0)"));
    UE_TRY(insert.run({destination, std::int64_t{options.rate}, std::string_view(options.requested_by), now_ms}));
    number = connection_.last_row();
    UE_TRY_ASSIGN(Statement heads, connection_.prepare(fmt::format(kMark, where.sql())));
    UE_TRY(heads.run(where.parameters({number, destination})));
    total = connection_.changes();
    if (total == 0) {
      UE_TRY_ASSIGN(Statement forget, connection_.prepare("DELETE FROM replay WHERE number = ?"));
      return forget.run({number});
    }
    UE_TRY_ASSIGN(Statement followers, connection_.prepare(kMarkFollowers));
    UE_TRY(followers.run({number, destination}));
    total += connection_.changes();
    UE_TRY_ASSIGN(Statement count, connection_.prepare("UPDATE replay SET total = ? WHERE number = ?"));
    UE_TRY(count.run({total, number}));
    UE_TRY_ASSIGN(Statement prune, connection_.prepare("DELETE FROM replay WHERE destination = ?1 AND finished_ms > 0 AND number NOT IN "
                                                       "(SELECT number FROM replay WHERE destination = ?1 ORDER BY number DESC LIMIT ?2)"));
    return prune.run({destination, kReplaysKept});
  };
  if (auto done = transact(mark); !done) return std::unexpected(std::move(done).error());
  if (total == 0) return std::nullopt;
  UE_TRY_ASSIGN(auto replays, read_replays(from_sql(number)));
  return replays.empty() ? std::nullopt : std::optional(std::move(replays.front()));
}

Result<std::vector<DeadLetterReplay>> SqliteState::replays(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  return read_replays(number);
}

Result<std::vector<DeadLetterReplay>> SqliteState::read_replays(std::uint64_t number) {
  UE_TRY_ASSIGN(Statement select,
                connection_.prepare("SELECT number, destination, total, delivered, dead_again, rate, requested_by, since_ms, finished_ms, cancelled, "
                                    "(SELECT count(*) FROM letter WHERE request > 0 AND request = replay.number) "
                                    "FROM replay WHERE ?1 = 0 OR number = ?1 ORDER BY number DESC"));
  std::vector<DeadLetterReplay> all;
  UE_TRY(select.each({to_sql(number)}, [&](const Statement& row) {
    DeadLetterReplay& one = all.emplace_back();
    one.number = from_sql(row.integer(0));
    one.destination = row.text(1);
    one.total = from_sql(row.integer(2));
    one.delivered = from_sql(row.integer(3));
    one.dead_again = from_sql(row.integer(4));
    one.rate = static_cast<std::uint32_t>(row.integer(5));
    one.requested_by = row.text(6);
    one.since = Timestamp(std::chrono::milliseconds(row.integer(7)));
    if (row.integer(8) != 0) one.finished = Timestamp(std::chrono::milliseconds(row.integer(8)));
    one.state = row.integer(9) != 0 ? "cancelled" : one.finished ? "done" : "running";
    one.remaining = from_sql(row.integer(10));
  }));
  return all;
}

Result<void> SqliteState::finish_replays(const std::vector<std::int64_t>& requests, std::int64_t now_ms) {
  UE_TRY_ASSIGN(Statement finish, connection_.prepare("UPDATE replay SET finished_ms = ?1 WHERE number = ?2 AND finished_ms = 0 AND NOT EXISTS "
                                                      "(SELECT 1 FROM letter WHERE request > 0 AND request = ?2)"));
  std::int64_t last = 0;
  for (const std::int64_t request : requests)
    if (request != std::exchange(last, request)) UE_TRY(finish.run({now_ms, request}));
  return {};
}

Result<void> SqliteState::cancel_replay(std::uint64_t number, std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  return transact([&]() -> Result<void> {
    UE_TRY_ASSIGN(Statement letters, connection_.prepare("UPDATE letter SET state = CASE WHEN state <> 3 THEN state WHEN in_line = 1 THEN 0 ELSE 4 END, "
                                                         "request = 0 WHERE request > 0 AND request = ?"));
    UE_TRY(letters.run({to_sql(number)}));
    UE_TRY_ASSIGN(Statement replay, connection_.prepare("UPDATE replay SET cancelled = 1, finished_ms = ? WHERE number = ? AND finished_ms = 0"));
    return replay.run({now_ms, to_sql(number)});
  });
}

Result<Discarded> SqliteState::discard(std::string_view destination, const DeadLetterFilter& filter, const DiscardOrder& order) {
  UE_TRY_ASSIGN(const FilterText where, FilterText::make(filter));
  std::lock_guard lock(mutex_);
  Discarded out;
  const auto give_up = [&]() -> Result<void> {
    UE_TRY_ASSIGN(Statement record, connection_.prepare(fmt::format("INSERT INTO discarded SELECT ?, destination, number, place, id, type, reason, ?, ? "
                                                                    "FROM letter WHERE destination = ?{}", where.sql())));
    UE_TRY(record.run(where.parameters({order.now_ms, std::string_view(order.reason), std::string_view(order.by), destination})));
    UE_TRY_ASSIGN(Statement remove, connection_.prepare(fmt::format("DELETE FROM letter WHERE destination = ?{} RETURNING key, in_line, request", where.sql())));
    std::vector<std::int64_t> requests;
    UE_TRY(remove.each(where.parameters({destination}), [&](const Statement& row) {
      ++out.letters;
      if (row.integer(1) != 0) out.keys.push_back(row.text(0));
      if (row.integer(2) != 0) requests.push_back(row.integer(2));
    }));
    return finish_replays(requests, order.now_ms);
  };
  if (auto done = transact(give_up); !done) return std::unexpected(std::move(done).error());
  return out;
}

Result<std::vector<DiscardedLetter>> SqliteState::discarded(const DeadLetterFilter& filter, std::uint64_t after, std::size_t limit) {
  if (!filter.user.empty() || !filter.states.empty())
    return fail(ErrorKind::invalid, "discarded-filter", "the record of what was discarded has neither users nor states", "filter by what else is known");
  UE_TRY_ASSIGN(const FilterText where, FilterText::make(filter));
  std::lock_guard lock(mutex_);
  const bool any = filter.destination.empty();
  UE_TRY_ASSIGN(Statement select,
                connection_.prepare(fmt::format("SELECT number, destination, place, id, type, reason, since_ms, why, discarded_by FROM {} WHERE number > ? "
                                                "AND {}{} ORDER BY number LIMIT {}", kRecord, any ? "? = ''" : "destination = ?", where.sql(), limit)));
  std::vector<DiscardedLetter> found;
  UE_TRY(select.each(where.parameters({to_sql(after), std::string_view(filter.destination)}), [&](const Statement& row) {
    DiscardedLetter& one = found.emplace_back();
    one.number = from_sql(row.integer(0));
    one.destination = row.text(1);
    one.journal_id = journal_of(row.integer(2));
    one.sequence = sequence_of(row.integer(2));
    one.event_id = row.text(3);
    one.type = row.text(4);
    one.cause = row.text(5);
    one.at = Timestamp(std::chrono::milliseconds(row.integer(6)));
    one.reason = row.text(7);
    one.by = row.text(8);
  }));
  return found;
}

}  // namespace user_events::state
