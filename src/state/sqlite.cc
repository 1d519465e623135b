#include "state/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/try.h"

namespace user_events::state {
namespace {

/// How long another process (the command line, with the daemon down) may keep the file locked.
constexpr int kBusyTimeoutMs = 5'000;

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return ErrorKind::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorKind::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorKind::damaged;
    default: return ErrorKind::io;
  }
}

/// SQLite makes the file with the umask's mode; the positions and letters of users are nobody else's to read.
Result<void> create_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(ErrorKind::io, "state-open", "cannot open " + path + ": " + std::strerror(errno),
                "the data directory must be writable for this user");
  ::close(fd);
  return {};
}

}  // namespace

void Connection::Closer::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
void Statement::Finalizer::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

std::unexpected<Error> Connection::error(int code) const {
  const ErrorKind kind = kind_of(code);
  std::string hint = "see the disk and the data directory's permissions";
  if (kind == ErrorKind::full) hint = "make room on the disk of the data directory";
  if (kind == ErrorKind::unavailable) hint = "another process has the file open";
  if (kind == ErrorKind::damaged) hint = "restore the file from a backup, or move it away: then every destination starts anew";
  return fail(kind, "state-" + std::string(kind == ErrorKind::full ? "full" : "failed"),
              path_ + ": " + sqlite3_errstr(code), std::move(hint));
}

Result<Connection> Connection::open(const std::string& path, int cache_kib) {
  UE_TRY(create_private(path));
  Connection connection;
  connection.path_ = path;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection.handle_.reset(handle);
  if (code != SQLITE_OK) return connection.error(code);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  UE_TRY(connection.run("PRAGMA journal_mode=WAL"));
  UE_TRY(connection.run("PRAGMA synchronous=FULL"));
  UE_TRY(connection.run("PRAGMA wal_autocheckpoint=256"));
  UE_TRY(connection.run("PRAGMA journal_size_limit=1048576"));
  UE_TRY(connection.run(("PRAGMA cache_size=-" + std::to_string(cache_kib)).c_str()));
  return connection;
}

Result<void> Connection::run(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return {};
}

std::int64_t Connection::changes() const noexcept { return sqlite3_changes64(handle_.get()); }

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return error(code);
  Statement statement;
  statement.connection_ = this;
  statement.statement_.reset(raw);
  return statement;
}

Result<void> Statement::bind(std::initializer_list<Parameter> parameters) {
  int at = 0;
  for (const Parameter& parameter : parameters) {
    ++at;
    int code = SQLITE_OK;
    if (const auto* number = std::get_if<std::int64_t>(&parameter)) {
      code = sqlite3_bind_int64(statement_.get(), at, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&parameter)) {
      code = sqlite3_bind_text64(statement_.get(), at, text->data() ? text->data() : "", text->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else {
      const auto bytes = std::get<Blob>(parameter).bytes;
      code = sqlite3_bind_blob64(statement_.get(), at, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
    }
    if (code != SQLITE_OK) return connection_->error(code);
  }
  return {};
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  if (code != SQLITE_DONE) return connection_->error(code);
  return false;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

}  // namespace user_events::state
