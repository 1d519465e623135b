#include "state/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

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

/// A database and its -wal in a folder of their own, which goes with this object.
class PrivateCopy {
 public:
  PrivateCopy() = default;
  PrivateCopy(const PrivateCopy&) = delete;
  PrivateCopy& operator=(const PrivateCopy&) = delete;
  ~PrivateCopy() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  Result<void> make(const std::string& path) {
    std::error_code error;
    std::string folder = (std::filesystem::temp_directory_path(error) / "user-events-XXXXXX").string();
    if (error || ::mkdtemp(folder.data()) == nullptr)
      return fail(ErrorKind::io, "state-open", "cannot make a temporary folder to read " + path + " in", "set TMPDIR to a folder that this user may write");
    folder_ = folder;
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(path + suffix, this->path() + suffix, error);
      if (error) return fail(ErrorKind::io, "state-open", "cannot copy " + path + suffix + ": " + error.message());
      // A file that may only be read becomes a copy that may only be read.
      std::filesystem::permissions(this->path() + suffix, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
    }
    return {};
  }
  [[nodiscard]] std::string path() const { return folder_ + "/state.db"; }

 private:
  std::string folder_;
};

/// The path inside a `file:` URI.
std::string uri_escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '%') out += "%25";
    else if (c == '?') out += "%3f";
    else if (c == '#') out += "%23";
    else out.push_back(c);
  }
  return out;
}

}  // namespace

void Connection::Closer::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
void Statement::Finalizer::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

std::unexpected<Error> Connection::error(int code) const {
  const ErrorKind kind = kind_of(code);
  std::string hint = "see the disk and the data directory's permissions";
  if (kind == ErrorKind::full) hint = "make room on the disk of the data directory";
  if (kind == ErrorKind::unavailable) hint = "another process has the file open";
  if (kind == ErrorKind::damaged) hint = "restore the file from a backup";
  return fail(kind, "state-" + std::string(kind == ErrorKind::full ? "full" : "failed"),
              path_ + ": " + sqlite3_errstr(code), std::move(hint));
}

Result<void> Connection::open_handle(const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) return error(code);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return {};
}

Result<Connection> Connection::open_empty() {
  Connection connection;
  connection.path_ = ":memory:";
  UE_TRY(connection.open_handle(connection.path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  return connection;
}

Result<Connection> Connection::open_read_only(const std::string& path, int cache_kib) {
  PrivateCopy copy;
  std::string name = path;
  std::error_code ignored;
  if (const auto bytes = std::filesystem::file_size(path + "-wal", ignored); !ignored && bytes != 0) {
    UE_TRY(copy.make(path));
    name = copy.path();
    // Moves what is in the -wal into the file; the copy stays readable once its name is gone.
    Connection mover;
    mover.path_ = path;
    UE_TRY(mover.open_handle(name, SQLITE_OPEN_READWRITE));
    UE_TRY(mover.run("PRAGMA journal_mode=DELETE"));
  }
  Connection connection;
  connection.path_ = path;
  // Immutable: neither locks nor -wal nor -shm are looked for or made.
  UE_TRY(connection.open_handle("file:" + uri_escaped(name) + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI));
  UE_TRY(connection.run(("PRAGMA cache_size=-" + std::to_string(cache_kib)).c_str()));
  UE_TRY(connection.run("SELECT count(*) FROM sqlite_schema"));
  return connection;
}

Result<Connection> Connection::open(const std::string& path, int cache_kib) {
  UE_TRY(create_private(path));
  Connection connection;
  connection.path_ = path;
  UE_TRY(connection.open_handle(path, SQLITE_OPEN_READWRITE));
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

std::int64_t Connection::last_row() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return error(code);
  Statement statement;
  statement.connection_ = this;
  statement.statement_.reset(raw);
  return statement;
}

Result<void> Statement::bind(std::span<const Parameter> parameters) {
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
