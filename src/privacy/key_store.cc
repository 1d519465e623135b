#include "privacy/key_store.h"

#include <algorithm>
#include <memory>

#include "base/try.h"

namespace user_events::privacy {
namespace {

constexpr int kReadCacheKib = 8'192, kWriteCacheKib = 8'192;
constexpr std::int64_t kFormat = 3;

constexpr const char* kSchema = R"(
  BEGIN IMMEDIATE;
  -- A key that is nobody's yet has no subject; the root key's subject is its id, 16 zero bytes.
  CREATE TABLE key (
    id BLOB PRIMARY KEY, epoch INTEGER NOT NULL, wrapped BLOB NOT NULL, subject BLOB, given_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE INDEX key_by_subject ON key (subject, given_ms) WHERE subject IS NOT NULL;
  CREATE INDEX key_spare ON key (id) WHERE subject IS NULL;
  CREATE TABLE watermark (only INTEGER PRIMARY KEY CHECK (only = 1), journal_id TEXT NOT NULL, sequence INTEGER NOT NULL);
  CREATE TABLE forgotten (subject BLOB NOT NULL, at_ms INTEGER NOT NULL, keys INTEGER NOT NULL, PRIMARY KEY (subject, at_ms)) WITHOUT ROWID;
  PRAGMA user_version=1;
  COMMIT;
)";

constexpr const char* kSecondFormat = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE link (identifier BLOB NOT NULL, subject BLOB NOT NULL, is_user INTEGER NOT NULL, PRIMARY KEY (identifier, subject)) WITHOUT ROWID;
  CREATE INDEX link_by_subject ON link (subject);
  PRAGMA user_version=2;
  COMMIT;
)";

/// Keys of former epochs are looked for rarely, and in order.
constexpr const char* kThirdFormat = R"(
  BEGIN IMMEDIATE;
  DROP INDEX IF EXISTS key_by_epoch;
  PRAGMA user_version=3;
  COMMIT;
)";

template <class Array>
Array array_of(const std::string& bytes) {
  Array out{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), reinterpret_cast<char*>(out.data()));
  return out;
}

StoredKey to_key(const state::Statement& row) {
  return {array_of<KeyId>(row.text(0)), static_cast<std::uint32_t>(row.integer(1)), array_of<crypto::WrappedKey>(row.text(2))};
}

Result<std::int64_t> number(state::Connection& connection, const char* sql) {
  UE_TRY_ASSIGN(auto statement, connection.prepare(sql));
  std::int64_t value = 0;
  UE_TRY(statement.each({}, [&](const state::Statement& row) { value = row.integer(0); }));
  return value;
}

/// Everything in `work` or nothing.
template <class Work>
Result<void> transaction(state::Connection& connection, Work&& work) {
  UE_TRY(connection.run("BEGIN IMMEDIATE"));
  Result<void> done = work();
  if (done) done = connection.run("COMMIT");
  if (!done) (void)connection.run("ROLLBACK");
  return done;
}

Result<std::optional<StoredKey>> one(state::Statement& statement, std::string_view bytes) {
  std::optional<StoredKey> found;
  UE_TRY(statement.each({state::Blob{bytes}}, [&](const state::Statement& row) { found = to_key(row); }));
  return found;
}

}  // namespace

Result<KeyStore> KeyStore::open(const std::string& path) {
  KeyStore store;
  UE_TRY_ASSIGN(auto writing, state::Connection::open(path, kWriteCacheKib));
  store.writing_ = std::make_unique<state::Connection>(std::move(writing));
  UE_TRY(store.writing_->run("PRAGMA secure_delete=ON"));
  UE_TRY_ASSIGN(const auto format, number(*store.writing_, "PRAGMA user_version"));
  if (format > kFormat) return fail(ErrorKind::damaged, "key-store", path + " was written by a newer version", "use that version");
  if (format == 0) UE_TRY(store.writing_->run(kSchema));
  if (format < 2) UE_TRY(store.writing_->run(kSecondFormat));
  if (format < kFormat) UE_TRY(store.writing_->run(kThirdFormat));
  UE_TRY_ASSIGN(auto reading, state::Connection::open(path, kReadCacheKib));
  store.reading_ = std::make_unique<state::Connection>(std::move(reading));
  const auto prepare = [](state::Connection& connection, std::optional<state::Statement>& statement, const char* sql) -> Result<void> {
    UE_TRY_ASSIGN(statement, connection.prepare(sql));
    return {};
  };
  UE_TRY(prepare(*store.reading_, store.by_subject_, "SELECT id, epoch, wrapped FROM key WHERE subject = ? ORDER BY given_ms DESC LIMIT 1"));
  UE_TRY(prepare(*store.reading_, store.by_id_, "SELECT id, epoch, wrapped FROM key WHERE id = ?"));
  UE_TRY(prepare(*store.writing_, store.add_, "INSERT INTO key (id, epoch, wrapped) VALUES (?, ?, ?)"));
  UE_TRY(prepare(*store.writing_, store.assign_, "UPDATE key SET subject = ?, given_ms = ? WHERE id = ? AND subject IS NULL"));
  UE_TRY(prepare(*store.writing_, store.watermark_, "INSERT OR REPLACE INTO watermark VALUES (1, ?, ?)"));
  UE_TRY(prepare(*store.writing_, store.delete_, "DELETE FROM key WHERE subject = ?"));
  UE_TRY(prepare(*store.writing_, store.forgotten_, "INSERT OR REPLACE INTO forgotten VALUES (?, ?, ?)"));
  UE_TRY(prepare(*store.writing_, store.link_, "INSERT OR IGNORE INTO link VALUES (?, ?, ?)"));
  UE_TRY(prepare(*store.writing_, store.unlink_, "DELETE FROM link WHERE subject = ?"));
  UE_TRY(prepare(*store.writing_, store.by_identifier_, "SELECT identifier, subject, is_user FROM link WHERE identifier = ?"));
  UE_TRY(prepare(*store.writing_, store.by_linked_, "SELECT identifier, subject, is_user FROM link WHERE subject = ?"));
  return store;
}

Result<std::optional<StoredKey>> KeyStore::key_of(const Subject& subject) { return one(*by_subject_, text_of(subject)); }
Result<std::optional<StoredKey>> KeyStore::key(const KeyId& id) { return one(*by_id_, text_of_key(id)); }

Result<void> KeyStore::add(std::span<const StoredKey> keys) {
  return transaction(*writing_, [&]() -> Result<void> {
    for (const StoredKey& key : keys)
      UE_TRY(add_->run({state::Blob{text_of_key(key.id)}, std::int64_t{key.epoch}, state::Blob{{key.wrapped.data(), key.wrapped.size()}}}));
    return {};
  });
}

Result<void> KeyStore::assign(std::span<const Assignment> given, std::span<const Link> links, const Watermark& watermark, std::int64_t now_ms) {
  return transaction(*writing_, [&]() -> Result<void> {
    for (const Assignment& one : given) UE_TRY(assign_->run({state::Blob{text_of(one.subject)}, now_ms, state::Blob{text_of_key(one.id)}}));
    for (const Link& one : links)
      UE_TRY(link_->run({state::Blob{text_of(one.identifier)}, state::Blob{text_of(one.subject)}, std::int64_t{one.is_user}}));
    return watermark_->run({std::string_view(watermark.journal_id), static_cast<std::int64_t>(watermark.sequence)});
  });
}

namespace {

Result<std::vector<Link>> read_links(state::Statement& statement, const Subject& whose) {
  std::vector<Link> links;
  UE_TRY(statement.each({state::Blob{text_of(whose)}}, [&](const state::Statement& row) {
    links.push_back({array_of<Identifier>(row.text(0)), array_of<Subject>(row.text(1)), row.integer(2) != 0});
  }));
  return links;
}

}  // namespace

Result<std::vector<Link>> KeyStore::links_of_identifier(const Identifier& identifier) { return read_links(*by_identifier_, identifier); }
Result<std::vector<Link>> KeyStore::links_of_subject(const Subject& subject) { return read_links(*by_linked_, subject); }

Result<std::vector<StoredKey>> KeyStore::spare(std::size_t limit) {
  std::vector<StoredKey> keys;
  UE_TRY_ASSIGN(auto statement, writing_->prepare("SELECT id, epoch, wrapped FROM key WHERE subject IS NULL LIMIT ?"));
  UE_TRY(statement.each({static_cast<std::int64_t>(limit)}, [&](const state::Statement& row) { keys.push_back(to_key(row)); }));
  return keys;
}

Result<std::uint64_t> KeyStore::forget(std::span<const Subject> subjects, std::int64_t now_ms) {
  std::uint64_t keys = 0;
  const auto destroy = [&]() -> Result<void> {
    for (const Subject& subject : subjects) {
      UE_TRY(unlink_->run({state::Blob{text_of(subject)}}));
      UE_TRY(delete_->run({state::Blob{text_of(subject)}}));
      const std::int64_t gone = writing_->changes();
      keys += static_cast<std::uint64_t>(gone);
      if (gone != 0) UE_TRY(forgotten_->run({state::Blob{text_of(subject)}, now_ms, gone}));
    }
    return {};
  };
  UE_TRY(transaction(*writing_, destroy));
  UE_TRY(truncate_log());
  return keys;
}

Result<std::string> KeyStore::rewrap(std::uint32_t epoch, std::string_view after, std::size_t limit,
                                     const std::function<Result<crypto::WrappedKey>(const StoredKey&)>& rewrap) {
  std::vector<StoredKey> old;
  UE_TRY_ASSIGN(auto select, writing_->prepare("SELECT id, epoch, wrapped FROM key WHERE id > ? AND epoch < ? ORDER BY id LIMIT ?"));
  UE_TRY(select.each({state::Blob{after}, std::int64_t{epoch}, static_cast<std::int64_t>(limit)}, [&](const state::Statement& row) { old.push_back(to_key(row)); }));
  UE_TRY_ASSIGN(auto update, writing_->prepare("UPDATE key SET epoch = ?, wrapped = ? WHERE id = ?"));
  const auto replace = [&]() -> Result<void> {
    for (const StoredKey& key : old) {
      UE_TRY_ASSIGN(const auto wrapped, rewrap(key));
      UE_TRY(update.run({std::int64_t{epoch}, state::Blob{{wrapped.data(), wrapped.size()}}, state::Blob{text_of_key(key.id)}}));
    }
    return {};
  };
  UE_TRY(transaction(*writing_, replace));
  return old.empty() ? std::string() : std::string(text_of_key(old.back().id));
}

Result<void> KeyStore::truncate_log() {
  UE_TRY_ASSIGN(const auto busy, number(*writing_, "PRAGMA wal_checkpoint(TRUNCATE)"));
  if (busy != 0)
    return fail(ErrorKind::unavailable, "key-store", "the key store's write-ahead log is being read by another process", "try again when it has ended");
  return {};
}

Result<Watermark> KeyStore::watermark() {
  Watermark found;
  UE_TRY_ASSIGN(auto statement, writing_->prepare("SELECT journal_id, sequence FROM watermark"));
  UE_TRY(statement.each({}, [&](const state::Statement& row) { found = {row.text(0), static_cast<std::uint64_t>(row.integer(1))}; }));
  return found;
}

Result<StoreCounts> KeyStore::counts() {
  StoreCounts counts;
  const auto read = [&](const char* sql, auto& into) -> Result<void> {
    UE_TRY_ASSIGN(const auto value, number(*writing_, sql));
    into = static_cast<std::remove_reference_t<decltype(into)>>(value);
    return {};
  };
  UE_TRY(read("SELECT count(DISTINCT subject) FROM key WHERE subject > zeroblob(16)", counts.users));
  UE_TRY(read("SELECT count(*) FROM key WHERE subject > zeroblob(16)", counts.keys));
  UE_TRY(read("SELECT count(*) FROM key WHERE subject IS NULL", counts.spare));
  UE_TRY(read("SELECT count(DISTINCT subject) FROM forgotten", counts.forgotten));
  UE_TRY(read("SELECT coalesce(min(given_ms), 0) FROM key WHERE subject > zeroblob(16)", counts.oldest_ms));
  return counts;
}

}  // namespace user_events::privacy
