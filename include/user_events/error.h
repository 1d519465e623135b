// Errors of user-events: values, never exceptions.
//
// A function that can fail returns Result<T>. An Error says what happened (`message`), in which class (`kind`, which
// alone decides HTTP status, exit status and whether trying again can help), under which stable name (`code`), and
// what to do about it (`hint`). Neither message nor hint ever holds payload bytes, personal data or a secret.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace user_events {

/// The class of an error. One table (`traits`) maps it to HTTP status, exit status and retry.
enum class ErrorKind : std::uint8_t {
  malformed,        ///< The bytes are not what they claim to be (bad JSON, bad UTF-8). HTTP 400.
  unauthenticated,  ///< No or bad credentials. HTTP 401.
  forbidden,        ///< The principal may not do this. HTTP 403.
  not_found,        ///< There is no such thing. HTTP 404.
  not_allowed,      ///< The method is not allowed there. HTTP 405.
  conflict,         ///< Same event id, other content; or a version conflict. HTTP 409.
  too_large,        ///< Over a stated limit. HTTP 413.
  unsupported,      ///< Media type or feature that is not supported. HTTP 415.
  invalid,          ///< Well-formed, but the catalogue refuses it. HTTP 422.
  rate_limited,     ///< Over a quota. HTTP 429.
  full,             ///< Journal or disk full; nothing was accepted. HTTP 503 with Retry-After.
  unavailable,      ///< Temporarily not possible (queue full, closing). HTTP 503 with Retry-After.
  timed_out,        ///< A deadline passed first. HTTP 504.
  io,               ///< The operating system refused (disk error). HTTP 500.
  damaged,          ///< Stored bytes are not what was written. HTTP 500.
  usage,            ///< Wrong command line or configuration. Exit status 2.
  internal,         ///< A defect of user-events. HTTP 500.
};

/// What an ErrorKind means to the outside.
struct ErrorTraits {
  int http_status;
  int exit_status;
  bool retry_helps;        ///< The same call can succeed later, unchanged.
  std::string_view title;  ///< RFC 9457 `title`.
};

/// The one table from kind to meaning. Never fails, no allocation.
[[nodiscard]] const ErrorTraits& traits(ErrorKind kind) noexcept;

/// One finding inside a document: where (JSON Pointer, RFC 6901), which rule, and why.
struct FieldError {
  std::string pointer;
  std::string code;    ///< Stable, kebab-case: `required`, `format`, `unknown-field`, `forbidden-name`, `duplicate-key`…
  std::string detail;  ///< One sentence. Never the value itself.
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string code;     ///< Stable, kebab-case.
  std::string message;  ///< What happened and where, one line.
  std::string hint;     ///< What to do about it: names the setting or the command. May be empty.
  std::vector<FieldError> fields = {};
};

template <class T>
using Result = std::expected<T, Error>;

/// Short for `std::unexpected(Error{…})`.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string code, std::string message,
                                                 std::string hint = {}) {
  return std::unexpected(Error{kind, std::move(code), std::move(message), std::move(hint), {}});
}

/// `message (hint)`, one line, for a person.
[[nodiscard]] std::string describe(const Error& error);

}  // namespace user_events
