// What JetStream's answers mean for an event.
#pragma once

#include <nats/nats.h>

#include <string>
#include <string_view>

#include "destinations/destination.h"

namespace user_events::destinations::nats {

struct Verdict {
  Outcome outcome = Outcome::accepted;
  std::string reason;
};

/// Of a negative acknowledgement. `takes_subject`: whether the stream's subjects, as last read, cover the event's.
[[nodiscard]] Verdict judge(natsStatus status, int code, std::string_view text, bool takes_subject, std::string_view stream);

/// Whether `subject` falls under `pattern` with the wildcards `*` (one token) and `>` (all further tokens).
[[nodiscard]] bool subject_matches(std::string_view pattern, std::string_view subject) noexcept;

/// Why connecting failed, with the setting that helps. `text` is libnats' own.
[[nodiscard]] std::string connect_problem(natsStatus status, std::string_view text);

}  // namespace user_events::destinations::nats
