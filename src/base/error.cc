#include "user_events/error.h"

namespace user_events {

const ErrorTraits& traits(ErrorKind kind) noexcept {
  static constexpr ErrorTraits kTable[] = {
      {400, 1, false, "Malformed request"},        // malformed
      {401, 1, false, "Authentication required"},  // unauthenticated
      {403, 1, false, "Forbidden"},                // forbidden
      {404, 1, false, "Not found"},                // not_found
      {405, 1, false, "Method not allowed"},       // not_allowed
      {409, 1, false, "Conflict"},                 // conflict
      {413, 1, false, "Too large"},                // too_large
      {415, 1, false, "Unsupported media type"},   // unsupported
      {422, 1, false, "Invalid event"},            // invalid
      {429, 1, true, "Too many requests"},         // rate_limited
      {503, 1, true, "Journal full"},              // full
      {503, 1, true, "Temporarily unavailable"},   // unavailable
      {504, 1, true, "Timed out"},                 // timed_out
      {500, 1, false, "Input/output error"},       // io
      {500, 1, false, "Stored data damaged"},      // damaged
      {400, 2, false, "Wrong usage"},              // usage
      {500, 1, false, "Internal error"},           // internal
  };
  return kTable[static_cast<std::size_t>(kind)];
}

std::string describe(const Error& error) {
  std::string text = error.message;
  if (!error.hint.empty()) text += " (" + error.hint + ")";
  return text;
}

}  // namespace user_events
