// What Redis' error replies mean for an event.
#pragma once

#include <string>
#include <string_view>

#include "destinations/destination.h"

namespace user_events::destinations::redis {

struct Verdict {
  Outcome outcome = Outcome::accepted;
  std::string reason;
};

/// Of an error reply to XADD. `one_key`: all events of this destination go to the same key.
[[nodiscard]] Verdict judge(std::string_view error, bool one_key);

/// With what helps, for `status`: why signing in or the first look at the server failed.
[[nodiscard]] std::string server_problem(std::string_view error);

}  // namespace user_events::destinations::redis
