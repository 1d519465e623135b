#include "server/reply.h"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.h"

namespace user_events::server {
namespace {

std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 202:
      return "HTTP/1.1 202 Accepted\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 401:
      return "HTTP/1.1 401 Unauthorized\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 406:
      return "HTTP/1.1 406 Not Acceptable\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 410:
      return "HTTP/1.1 410 Gone\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 415:
      return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 417:
      return "HTTP/1.1 417 Expectation Failed\r\n";
    case 422:
      return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 504:
      return "HTTP/1.1 504 Gateway Timeout\r\n";
    default:
      return "HTTP/1.1 500 Internal Server Error\r\n";
  }
}

std::string_view title_of(int status) {
  switch (status) {
    case 408:
      return "Request timed out";
    case 417:
      return "Expectation failed";
    case 431:
      return "Header too large";
    default:
      return {};
  }
}

/// A JSON string of text that may come from anywhere: what is not UTF-8 must not break the document.
void append_clean(std::string_view text, std::string& out) {
  if (base::is_valid_utf8(text)) return base::append_json_string(text, out);
  std::string clean(text);
  for (auto& c : clean)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  base::append_json_string(clean, out);
}

void append_member(std::string_view name, std::string_view text, std::string& out) {
  out += ",\"";
  out += name;
  out += "\":";
  append_clean(text, out);
}

void append_finding(const FieldError& field, std::string& out) {
  out += "{\"pointer\":";
  append_clean(field.pointer, out);
  append_member("code", field.code, out);
  append_member("detail", field.detail, out);
  out += '}';
}

}  // namespace

void append_head(const Head& head, std::string& out) {
  out += status_line(head.status);
  if (!head.date.empty()) {
    out += "Date: ";
    out += head.date;
    out += "\r\n";
  }
  out += "Content-Type: ";
  out += head.content_type;
  if (head.content_length) {
    out += "\r\nContent-Length: ";
    base::append_json_number(static_cast<std::uint64_t>(*head.content_length), out);
  } else if (head.chunked) {
    out += "\r\nTransfer-Encoding: chunked";
  }
  if (!head.keep_alive)
    out += "\r\nConnection: close";
  else if (!head.http11)
    out += "\r\nConnection: keep-alive";
  out += "\r\n";
  out += head.extra;
  out += "\r\n";
}

Problem problem_of(const Error& error) {
  if (error.code == "no-cast" || error.code == "cast-refused") return {406, "Not acceptable", error};
  const auto& meaning = traits(error.kind);
  return {meaning.http_status, meaning.title, error};
}

void append_problem(const Problem& problem, std::string& out) {
  const auto& error = problem.error;
  out += R"({"type":"urn:user-events:problem:)";
  base::append_json_escaped(error.code.empty() ? "unknown" : error.code, out);
  out += '"';
  const auto own_title = title_of(problem.status);
  append_member("title", own_title.empty() ? problem.title : own_title, out);
  fmt::format_to(std::back_inserter(out), R"(,"status":{})", problem.status);
  append_member("detail", error.message, out);
  if (!error.hint.empty()) append_member("hint", error.hint, out);
  if (!error.fields.empty()) {
    out += ",\"errors\":[";
    for (const auto& field : error.fields) {
      if (out.back() != '[') out += ',';
      append_finding(field, out);
    }
    out += ']';
  }
  out += '}';
}

void append_receipt_members(const Receipt& receipt, std::string& out) {
  out += "\"id\":";
  base::append_json_string(receipt.id, out);
  out += ",\"sequence\":";
  base::append_json_number(receipt.sequence, out);
  out += receipt.duplicate ? ",\"duplicate\":true" : ",\"duplicate\":false";
}

std::string_view retry_after(int status) noexcept {
  return status == 503 || status == 429 ? std::string_view("Retry-After: 1\r\n") : std::string_view();
}

}  // namespace user_events::server
