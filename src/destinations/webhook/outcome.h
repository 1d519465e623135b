// What an answer, or silence, means for an event and for the endpoint.
#pragma once

#include <cstdint>
#include <string>

#include "destinations/destination.h"
#include "destinations/http/client.h"

namespace user_events::destinations::webhook {

/// How the endpoint is tried again before it gets other events.
enum class Retrial : std::uint8_t {
  none,        ///< The answer says nothing against other events.
  connection,  ///< By a connection: there was none, or no answer on it.
  event,       ///< By one event: the endpoint answers, and takes none.
  never,       ///< It is gone for good.
};

struct Verdict {
  Outcome outcome = Outcome::accepted;
  std::string reason;  ///< Empty when accepted. Holds nothing of the answer but its status.
  Retrial retrial = Retrial::none;
};

[[nodiscard]] Verdict judge(const http::Response& response);
/// The answer to a pushed security event token (RFC 8935, 2.3 and 2.4): of a 400 the beginning of its body decides.
[[nodiscard]] Verdict judge_push(const http::Response& response);

/// Why there was no answer or no connection, with the setting that helps.
[[nodiscard]] std::string problem_of(const http::Response& response);

}  // namespace user_events::destinations::webhook
