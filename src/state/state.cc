#include "state/state.h"

#include <filesystem>
#include <mutex>
#include <optional>

#include "base/try.h"
#include "state/ranges.h"
#include "state/sqlite_state.h"

namespace user_events::state {
namespace {

constexpr int kCacheKib = 256;
constexpr std::int64_t kSchemaVersion = 3;

constexpr const char* kVersion2 = R"(
  CREATE TABLE IF NOT EXISTS position (
    destination TEXT PRIMARY KEY, journal_id TEXT NOT NULL, low_water INTEGER NOT NULL,
    acknowledged BLOB NOT NULL, resume BLOB NOT NULL) WITHOUT ROWID;
  ALTER TABLE position ADD COLUMN replay_until INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE position ADD COLUMN replay INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE paused (destination TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE journal (ordinal INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
  CREATE TABLE letter (
    number INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, place INTEGER NOT NULL, id TEXT NOT NULL,
    state INTEGER NOT NULL, in_line INTEGER NOT NULL, type TEXT NOT NULL, key BLOB NOT NULL, reason TEXT NOT NULL,
    attempts INTEGER NOT NULL, replays INTEGER NOT NULL, since_ms INTEGER NOT NULL, request INTEGER NOT NULL,
    copy_due INTEGER NOT NULL, payload BLOB NOT NULL);
  -- The event id belongs to it: after a restored backup the same sequence can stand for another event.
  CREATE UNIQUE INDEX letter_by_event ON letter (destination, place, id);
  CREATE INDEX letter_by_line ON letter (destination, key, place, state) WHERE in_line = 1;
  CREATE INDEX letter_dead_in_line ON letter (destination, key, place) WHERE in_line = 1 AND state = 0;
  CREATE INDEX letter_by_request ON letter (request) WHERE request > 0;
  CREATE INDEX letter_loose ON letter (destination, number) WHERE copy_due = 1 OR (in_line = 0 AND state = 3);
  CREATE INDEX letter_by_state ON letter (destination, state, since_ms);
  CREATE TABLE replay (
    number INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, total INTEGER NOT NULL, delivered INTEGER NOT NULL,
    dead_again INTEGER NOT NULL, rate INTEGER NOT NULL, requested_by TEXT NOT NULL, since_ms INTEGER NOT NULL,
    finished_ms INTEGER NOT NULL, cancelled INTEGER NOT NULL);
  CREATE TABLE discarded (
    at_ms INTEGER NOT NULL, destination TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL, discarded_by TEXT NOT NULL);
  CREATE INDEX discarded_by_event ON discarded (destination, place);
)";

constexpr const char* kVersion3 = R"(
  CREATE INDEX discarded_by_number ON discarded (number);
  ALTER TABLE letter ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE gap (
    destination TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, delivered BLOB NOT NULL, at_ms INTEGER NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (destination, first)) WITHOUT ROWID;
)";

/// Letters of version 1: heads and what was held behind them, of the journal that their destination's position names.
constexpr const char* kFromVersion1 = R"(
  INSERT OR IGNORE INTO journal (id) SELECT DISTINCT journal_id FROM position;
  INSERT INTO letter (destination, place, id, state, in_line, type, key, reason, attempts, replays, since_ms, request, copy_due, payload)
    SELECT l.destination, (coalesce(j.ordinal, 0) << 48) | l.sequence, l.id, CASE WHEN l.head THEN 0 ELSE 1 END, 1, l.type, l.key,
           l.reason, 0, 0, l.since_ms, 0, 0, l.payload
    FROM dead_letter l LEFT JOIN position p ON p.destination = l.destination LEFT JOIN journal j ON j.id = p.journal_id
    ORDER BY l.sequence;
  DROP TABLE dead_letter;
)";

/// 0: a file without tables.
Result<std::int64_t> schema_version(Connection& connection) {
  std::int64_t version = 0;
  UE_TRY_ASSIGN(Statement read_version, connection.prepare("PRAGMA user_version"));
  UE_TRY(read_version.each({}, [&](const Statement& row) { version = row.integer(0); }));
  return version;
}

Result<void> bring_up_to_date(Connection& connection, std::int64_t version) {
  const std::pair<bool, const char*> steps[] = {{true, "BEGIN IMMEDIATE"},
                                                {version < 2, kVersion2},
                                                {version == 1, kFromVersion1},
                                                {version < 3, kVersion3},
                                                {true, "PRAGMA user_version=3"},
                                                {true, "COMMIT"}};
  Result<void> done;
  for (const auto& [due, sql] : steps)
    if (done && due) done = connection.run(sql);
  if (!done) (void)connection.run("ROLLBACK");
  return done;
}

}  // namespace

Result<void> SqliteState::prepare() {
  UE_TRY_ASSIGN(const std::int64_t version, schema_version(connection_));
  if (version > kSchemaVersion)
    return fail(ErrorKind::damaged, "state-newer", "the state file was written by a newer version of user-events",
                "start that version, or restore the state file of this one");
  if (version < kSchemaVersion) UE_TRY(bring_up_to_date(connection_, version));
  const std::pair<Statement*, std::string_view> statements[] = {
      {&load_, "SELECT journal_id, low_water, acknowledged, resume, replay_until, replay FROM position WHERE destination = ?"},
      {&save_, "INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?, ?, ?)"},
      {&names_, "SELECT destination FROM position ORDER BY destination"},
      {&paused_, "SELECT 1 FROM paused WHERE destination = ?"},
      {&pause_, "INSERT OR IGNORE INTO paused VALUES (?)"},
  };
  for (const auto& [statement, sql] : statements) {
    UE_TRY_ASSIGN(*statement, connection_.prepare(sql));
  }
  UE_TRY(load_journals());
  return prepare_letters();
}

Result<void> SqliteState::load_journals() {
  UE_TRY_ASSIGN(Statement all, connection_.prepare("SELECT ordinal, id FROM journal"));
  return all.each({}, [&](const Statement& row) {
    ordinals_.emplace(row.text(1), row.integer(0));
    journals_.emplace(row.integer(0), row.text(1));
  });
}

void SqliteState::reload_journals() {
  ordinals_.clear();
  journals_.clear();
  (void)load_journals();
}

Result<std::int64_t> SqliteState::ordinal(std::string_view journal_id, bool add) {
  if (const auto known = ordinals_.find(journal_id); known != ordinals_.end()) return known->second;
  if (!add) return -1;
  UE_TRY_ASSIGN(Statement insert, connection_.prepare("INSERT INTO journal (id) VALUES (?)"));
  UE_TRY(insert.run({journal_id}));
  const std::int64_t number = connection_.last_row();
  ordinals_.emplace(journal_id, number);
  journals_.emplace(number, journal_id);
  return number;
}

Result<std::optional<SavedPosition>> SqliteState::position(std::string_view destination) {
  std::lock_guard lock(mutex_);
  std::optional<SavedPosition> found;
  std::string acknowledged;
  UE_TRY(load_.each({destination}, [&](const Statement& row) {
    found = SavedPosition{row.text(0), from_sql(row.integer(1)), {}, row.text(3), from_sql(row.integer(4)), static_cast<std::uint32_t>(row.integer(5))};
    acknowledged = row.text(2);
  }));
  if (found) {
    UE_TRY_ASSIGN(found->acknowledged, unpack(found->low_water, acknowledged));
  }
  return found;
}

Result<void> SqliteState::save_position(std::string_view destination, const SavedPosition& position) {
  const std::string acknowledged = pack(position.low_water, position.acknowledged);
  std::lock_guard lock(mutex_);
  return save_.run({destination, std::string_view(position.journal_id), to_sql(position.low_water), Blob{acknowledged},
                    Blob{position.resume}, to_sql(position.replay_until), std::int64_t{position.replay}});
}

Result<std::vector<std::string>> SqliteState::destinations() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  UE_TRY(names_.each({}, [&](const Statement& row) { names.push_back(row.text(0)); }));
  return names;
}

Result<void> SqliteState::remove_destination(std::string_view destination) {
  std::lock_guard lock(mutex_);
  return transact([&]() -> Result<void> {
    for (const char* table : {"position", "letter", "replay", "paused", "gap"}) {
      UE_TRY_ASSIGN(Statement forget, connection_.prepare(std::string("DELETE FROM ") + table + " WHERE destination = ?"));
      UE_TRY(forget.run({destination}));
    }
    return {};
  });
}

Result<bool> SqliteState::is_paused(std::string_view destination) {
  std::lock_guard lock(mutex_);
  bool paused = false;
  UE_TRY(paused_.each({destination}, [&](const Statement&) { paused = true; }));
  return paused;
}

Result<void> SqliteState::set_paused(std::string_view destination, bool paused) {
  std::lock_guard lock(mutex_);
  if (paused) return pause_.run({destination});
  UE_TRY_ASSIGN(Statement resume, connection_.prepare("DELETE FROM paused WHERE destination = ?"));
  return resume.run({destination});
}

Result<std::unique_ptr<State>> State::open(const std::string& path) {
  UE_TRY_ASSIGN(Connection connection, Connection::open(path, kCacheKib));
  auto state = std::make_unique<SqliteState>(std::move(connection));
  UE_TRY(state->prepare());
  return std::unique_ptr<State>(std::move(state));
}

Result<std::unique_ptr<State>> State::open_read_only(const std::string& path) {
  std::error_code error;
  const bool there = std::filesystem::exists(path, error);
  if (error) return fail(ErrorKind::io, "state-open", "cannot look at " + path + ": " + error.message());
  UE_TRY_ASSIGN(Connection connection, there ? Connection::open_read_only(path, kCacheKib) : Connection::open_empty());
  // A process that died while it made the file left one without tables.
  UE_TRY_ASSIGN(const std::int64_t version, schema_version(connection));
  if (there && version == 0) {
    UE_TRY_ASSIGN(connection, Connection::open_empty());
  }
  if (version != 0 && version < kSchemaVersion)
    return fail(ErrorKind::unavailable, "state-older", path + " was written by an older version of user-events",
                "start the daemon of this version once; it brings the file up to date");
  auto state = std::make_unique<SqliteState>(std::move(connection));
  UE_TRY(state->prepare());
  return std::unique_ptr<State>(std::move(state));
}

}  // namespace user_events::state
