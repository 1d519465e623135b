#include "formation/json_parser.h"

#include <algorithm>
#include <bit>

namespace user_events::formation {
namespace {

constexpr std::size_t kLeastTextBytes = 4'096;

struct Reason {
  const char* code;
  const char* text;
};

Reason reason_of(simdjson::error_code code) noexcept {
  switch (code) {
    case simdjson::EMPTY:
      return {"malformed-json", "there is nothing where a value should be"};
    case simdjson::UTF8_ERROR:
      return {"invalid-utf8", "it is not valid UTF-8"};
    case simdjson::DEPTH_ERROR:
      return {"too-deep", "it is nested deeper than limits.max_depth allows"};
    case simdjson::STRING_ERROR:
      return {"malformed-json", "a string holds a bad escape"};
    case simdjson::UNESCAPED_CHARS:
      return {"malformed-json", "a string holds a control character that is not escaped"};
    case simdjson::UNCLOSED_STRING:
      return {"malformed-json", "a string is not closed"};
    case simdjson::NUMBER_ERROR:
      return {"malformed-json", "a number is badly written or out of range"};
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      return {"malformed-json", "a word is none of true, false and null"};
    default:
      return {"malformed-json", "its brackets, commas or quotes do not match"};
  }
}

}  // namespace

JsonParser& JsonParser::of_thread() noexcept {
  thread_local JsonParser parser;
  return parser;
}

bool JsonParser::prepare(std::size_t text_bytes, std::uint32_t max_depth) {
  max_depth += 1;  // simdjson counts the values at the bottom
  const std::size_t wanted = std::bit_ceil(std::max(text_bytes, kLeastTextBytes));
  if (parser_.capacity() < wanted || parser_.max_depth() != max_depth) {
    if (parser_.allocate(std::max(wanted, parser_.capacity()), max_depth) != simdjson::SUCCESS) return false;
  }
  padded_.reserve(wanted + simdjson::SIMDJSON_PADDING);
  return true;
}

Result<simdjson::dom::element> JsonParser::parse(std::string_view text, std::uint32_t max_depth,
                                                 std::string_view where) {
  if (!prepare(text.size(), max_depth))
    return fail(ErrorKind::unavailable, "out-of-memory", "no memory to parse a request");
  padded_.assign(text);
  simdjson::dom::element root;
  const auto code = parser_.parse(padded_.data(), padded_.size(), false).get(root);
  if (code == simdjson::SUCCESS) [[likely]]
    return root;
  const Reason reason = reason_of(code);
  return fail(ErrorKind::malformed, reason.code,
              (where.empty() ? std::string("the body is no JSON: ")
                             : "the element at " + std::string(where) + " is no JSON: ") +
                  reason.text);
}

void JsonParser::trim() noexcept {
  if (parser_.capacity() <= kKeptTextBytes) return;
  parser_ = simdjson::dom::parser();
  padded_ = std::string();
  extensions_ = std::string();
  submitted_ = std::string();
}

}  // namespace user_events::formation
