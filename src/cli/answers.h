// The daemon's answers, taken apart. docs/http.md says what they look like.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/publisher.h"

namespace user_events::cli {

/// An RFC 9457 document (or anything else that came with an error status) as an Error.
[[nodiscard]] Error parse_problem(int http_status, std::string_view body);

[[nodiscard]] Result<Receipt> parse_receipt(std::string_view body);

struct Page {
  std::vector<std::string> events;  ///< Each as CloudEvents JSON on one line.
  std::uint64_t next = 0;
};
[[nodiscard]] Result<Page> parse_page(std::string_view body);

/// What the listing of an event shows.
struct EventSummary {
  std::string sequence, time, type, subject, data;  ///< `sequence` without leading zeros.
};
[[nodiscard]] Result<EventSummary> parse_event(std::string_view json);

[[nodiscard]] Result<Status> parse_status(std::string_view body);
/// `text` of each stays empty.
[[nodiscard]] Result<std::vector<SchemaInfo>> parse_schemas(std::string_view body);

/// One line of the answer to an NDJSON stream.
struct LineAnswer {
  enum class Kind : std::uint8_t { receipt, problem, broken_off, summary } kind = Kind::receipt;
  std::uint64_t line = 0;  ///< Of the request, from 1. Not for `broken_off` and `summary`.
  bool duplicate = false;
  Error error;  ///< For `problem` and `broken_off`.
};
[[nodiscard]] Result<LineAnswer> parse_line_answer(std::string_view line);

/// One JSON object on one line, without white space. Error `malformed`: what is wrong, never the text.
[[nodiscard]] Result<std::string> compact_object(std::string_view json);

}  // namespace user_events::cli
