// Answers as bytes: heads of responses, problem documents, receipts. Everything appends to a buffer that the
// caller reuses.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/publisher.h"

namespace user_events::server {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kProblemJson = "application/problem+json";
inline constexpr std::string_view kCloudEventJson = "application/cloudevents+json";
inline constexpr std::string_view kNdjson = "application/x-ndjson";

struct Head {
  int status = 200;
  std::string_view content_type;
  std::optional<std::size_t> content_length;  ///< None: a stream, chunked or until the connection closes.
  bool chunked = false;
  bool keep_alive = true;
  bool http11 = true;           ///< HTTP/1.0 needs to be told of keep-alive.
  std::string_view date = {};   ///< IMF-fixdate; empty: none.
  std::string_view extra = {};  ///< Further complete lines, each with CRLF.
};

/// Status line and fields, with the empty line. No allocation but the buffer's growth; about 60 ns.
void append_head(const Head& head, std::string& out);

/// What a problem document says. `status` may be one that no ErrorKind has (408, 431).
struct Problem {
  int status = 500;
  std::string_view title;
  const Error& error;
};
/// By the kind of the error; 406 for an event that cannot be said in the version asked for.
[[nodiscard]] Problem problem_of(const Error& error);

/// RFC 9457, as one line of JSON.
void append_problem(const Problem& problem, std::string& out);

/// `"id":…,"sequence":…,"duplicate":…`, without braces.
void append_receipt_members(const Receipt& receipt, std::string& out);

/// `Retry-After` where trying again helps, else empty.
[[nodiscard]] std::string_view retry_after(int status) noexcept;

}  // namespace user_events::server
