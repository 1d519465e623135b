#include "state/state.h"

#include <filesystem>
#include <mutex>
#include <optional>

#include "base/try.h"
#include "state/sqlite.h"

namespace user_events::state {
namespace {

constexpr int kCacheKib = 256;
constexpr std::int64_t kSchemaVersion = 1;

constexpr const char* kSchema = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS position (
    destination TEXT PRIMARY KEY, journal_id TEXT NOT NULL, low_water INTEGER NOT NULL,
    acknowledged BLOB NOT NULL, resume BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dead_letter (
    destination TEXT NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, head INTEGER NOT NULL, type TEXT NOT NULL,
    key BLOB NOT NULL, reason TEXT NOT NULL, since_ms INTEGER NOT NULL, payload BLOB NOT NULL);
  -- The event id belongs to it: after a restored backup the same sequence can stand for another event.
  CREATE UNIQUE INDEX IF NOT EXISTS dead_letter_by_event ON dead_letter (destination, sequence, id);
  CREATE INDEX IF NOT EXISTS dead_letter_by_key ON dead_letter (destination, key);
  PRAGMA user_version=1;
  COMMIT;
)";

void append_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Ascending ranges as LEB128 steps: gap, length, gap, length, …, from the low-water mark on.
std::string pack(std::uint64_t low_water, const Ranges& ranges) {
  std::string out;
  std::uint64_t at = low_water;
  for (const auto& [first, last] : ranges) {
    append_varint(first - at, out);
    append_varint(last - first, out);
    at = last;
  }
  return out;
}

Result<Ranges> unpack(std::uint64_t low_water, std::string_view bytes) {
  Ranges ranges;
  std::uint64_t at = low_water;
  while (!bytes.empty()) {
    const auto gap = take_varint(bytes);
    const auto length = gap ? take_varint(bytes) : std::nullopt;
    if (!length || *length == 0 || at + *gap < at || at + *gap + *length < at + *gap)
      return fail(ErrorKind::damaged, "state-position", "a saved position is not one of ours",
                  "restore the state file from a backup, or move it away: then every destination starts anew");
    ranges.emplace_back(at + *gap, at + *gap + *length);
    at = ranges.back().second;
  }
  return ranges;
}

std::int64_t to_sql(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t from_sql(std::int64_t value) { return static_cast<std::uint64_t>(value); }

class SqliteState final : public State {
 public:
  explicit SqliteState(Connection connection) : connection_(std::move(connection)) {}

  Result<void> prepare();

  Result<std::optional<SavedPosition>> position(std::string_view destination) override;
  Result<void> save_position(std::string_view destination, const SavedPosition& position) override;
  Result<std::vector<std::string>> destinations() override;
  Result<void> remove_destination(std::string_view destination) override;
  Result<std::uint64_t> store_dead_letters(std::string_view destination, const std::vector<DeadLetter>& letters) override;
  Result<std::vector<HeldKey>> held_keys(std::string_view destination) override;
  Result<std::vector<DeadLetter>> dead_letters(std::string_view destination, std::uint64_t after_sequence,
                                               std::size_t limit) override;
  Result<std::uint64_t> dead_letter_count(std::string_view destination) override;

 private:
  /// Runs `body` (which returns Result<void>) in one transaction: all of it or nothing.
  template <class Body>
  Result<void> transact(Body&& body) {
    UE_TRY(connection_.run("BEGIN IMMEDIATE"));
    Result<void> done = body();
    if (done) done = connection_.run("COMMIT");
    if (!done) (void)connection_.run("ROLLBACK");  // the first error is the one that matters
    return done;
  }

  std::mutex mutex_;
  Connection connection_;
  Statement load_, save_, names_, forget_position_, forget_letters_, store_, keys_, letters_, count_;
};

/// 0: a file without tables.
Result<std::int64_t> schema_version(Connection& connection) {
  std::int64_t version = 0;
  UE_TRY_ASSIGN(Statement read_version, connection.prepare("PRAGMA user_version"));
  UE_TRY(read_version.each({}, [&](const Statement& row) { version = row.integer(0); }));
  return version;
}

Result<void> SqliteState::prepare() {
  UE_TRY_ASSIGN(const std::int64_t version, schema_version(connection_));
  if (version > kSchemaVersion)
    return fail(ErrorKind::damaged, "state-newer", "the state file was written by a newer version of user-events",
                "start that version, or restore the state file of this one");
  if (version < kSchemaVersion) UE_TRY(connection_.run(kSchema));
  const std::pair<Statement*, std::string_view> statements[] = {
      {&load_, "SELECT journal_id, low_water, acknowledged, resume FROM position WHERE destination = ?"},
      {&save_, "INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?)"},
      {&names_, "SELECT destination FROM position ORDER BY destination"},
      {&forget_position_, "DELETE FROM position WHERE destination = ?"},
      {&forget_letters_, "DELETE FROM dead_letter WHERE destination = ?"},
      {&store_, "INSERT OR IGNORE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&keys_, "SELECT key, min(sequence) FROM dead_letter WHERE destination = ? GROUP BY key"},
      {&letters_, "SELECT sequence, head, id, type, key, reason, since_ms, payload FROM dead_letter "
                  "WHERE destination = ? AND sequence > ? ORDER BY sequence, id LIMIT ?"},
      {&count_, "SELECT count(*) FROM dead_letter WHERE destination = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    UE_TRY_ASSIGN(*statement, connection_.prepare(sql));
  }
  return {};
}

Result<std::optional<SavedPosition>> SqliteState::position(std::string_view destination) {
  std::lock_guard lock(mutex_);
  std::optional<SavedPosition> found;
  std::string acknowledged;
  UE_TRY(load_.each({destination}, [&](const Statement& row) {
    found = SavedPosition{row.text(0), from_sql(row.integer(1)), {}, row.text(3)};
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
                    Blob{position.resume}});
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
    UE_TRY(forget_position_.run({destination}));
    return forget_letters_.run({destination});
  });
}

Result<std::uint64_t> SqliteState::store_dead_letters(std::string_view destination,
                                                      const std::vector<DeadLetter>& letters) {
  std::lock_guard lock(mutex_);
  std::uint64_t added = 0;
  const auto store_all = [&]() -> Result<void> {
    for (const DeadLetter& one : letters) {
      UE_TRY(store_.run({destination, to_sql(one.sequence), std::string_view(one.id), std::int64_t{one.head},
                         std::string_view(one.type), Blob{one.key}, std::string_view(one.reason), one.since_ms,
                         Blob{one.payload}}));
      added += static_cast<std::uint64_t>(connection_.changes());
    }
    return {};
  };
  if (auto done = transact(store_all); !done) return std::unexpected(std::move(done).error());
  return added;
}

Result<std::vector<HeldKey>> SqliteState::held_keys(std::string_view destination) {
  std::lock_guard lock(mutex_);
  std::vector<HeldKey> keys;
  UE_TRY(keys_.each({destination}, [&](const Statement& row) { keys.push_back({std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1))}); }));
  return keys;
}

Result<std::vector<DeadLetter>> SqliteState::dead_letters(std::string_view destination, std::uint64_t after_sequence,
                                                          std::size_t limit) {
  std::lock_guard lock(mutex_);
  std::vector<DeadLetter> letters;
  UE_TRY(letters_.each({destination, to_sql(after_sequence), static_cast<std::int64_t>(limit)}, [&](const Statement& row) {
    letters.push_back({from_sql(row.integer(0)), row.integer(1) != 0, row.text(2), row.text(3), row.text(4), row.text(5),
                       row.integer(6), row.text(7)});
  }));
  return letters;
}

Result<std::uint64_t> SqliteState::dead_letter_count(std::string_view destination) {
  std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  UE_TRY(count_.each({destination}, [&](const Statement& row) { count = from_sql(row.integer(0)); }));
  return count;
}

}  // namespace

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
  auto state = std::make_unique<SqliteState>(std::move(connection));
  UE_TRY(state->prepare());
  return std::unique_ptr<State>(std::move(state));
}

}  // namespace user_events::state
