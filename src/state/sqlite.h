// SQLite behind values: a connection, prepared statements, errors as Result. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "user_events/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace user_events::state {

/// Bytes that are stored as a BLOB; a plain string_view is stored as TEXT.
struct Blob {
  std::string_view bytes;
};
using Parameter = std::variant<std::int64_t, std::string_view, Blob>;

class Statement;

class Connection {
 public:
  /// Opens or creates `path` with mode 0600, WAL, synchronous=FULL and a page cache of `cache_kib`.
  [[nodiscard]] static Result<Connection> open(const std::string& path, int cache_kib);
  /// Opens an existing file for reading and writes nothing beside it. What a process that died left in the `-wal` is read,
  /// too, by way of a private copy in the temporary folder, which is gone before this returns. Nobody may write meanwhile.
  [[nodiscard]] static Result<Connection> open_read_only(const std::string& path, int cache_kib);
  /// Opens an empty database in memory.
  [[nodiscard]] static Result<Connection> open_empty();
  /// Runs SQL text without parameters or results.
  [[nodiscard]] Result<void> run(const char* sql);
  /// Rows that the last run of a statement changed.
  [[nodiscard]] std::int64_t changes() const noexcept;
  [[nodiscard]] std::int64_t last_row() const noexcept;  ///< The number of the row inserted last.
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  [[nodiscard]] std::unexpected<Error> error(int code) const;

 private:
  struct Closer {
    void operator()(sqlite3* handle) const noexcept;
  };
  [[nodiscard]] Result<void> open_handle(const std::string& name, int flags);
  std::unique_ptr<sqlite3, Closer> handle_;
  std::string path_;
};

/// Resets itself when a run ends, so that no read transaction is left open. The connection must stay where it is.
class Statement {
 public:
  /// Binds and runs; calls `row` for each result row. Values that a Parameter points at must live until this returns.
  template <class Row>
  [[nodiscard]] Result<void> each(std::initializer_list<Parameter> parameters, Row&& row) {
    return each(std::span(parameters.begin(), parameters.size()), std::forward<Row>(row));
  }
  template <class Row>
  [[nodiscard]] Result<void> each(std::span<const Parameter> parameters, Row&& row) {
    if (auto bound = bind(parameters); !bound) return bound;
    for (;;) {
      auto more = step();
      if (!more) return std::unexpected(std::move(more).error());
      if (!*more) return {};
      row(*this);
    }
  }
  [[nodiscard]] Result<void> run(std::initializer_list<Parameter> parameters) {
    return each(parameters, [](const Statement&) {});
  }
  [[nodiscard]] Result<void> run(std::span<const Parameter> parameters) {
    return each(parameters, [](const Statement&) {});
  }
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;  ///< Also for blobs.

 private:
  friend class Connection;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  [[nodiscard]] Result<void> bind(std::span<const Parameter> parameters);
  [[nodiscard]] Result<bool> step();  // true: a row
  const Connection* connection_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

}  // namespace user_events::state
