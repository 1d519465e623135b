// Dead letters and their replays as JSON (docs/http.md, "Dead letters"), also for who shows them without a server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "user_events/publisher.h"

namespace user_events::server {

/// RFC 3339, or `null`.
void append_optional_time(const std::optional<Timestamp>& time, std::string& out);
/// `{"letters":[…],"next":N}`. The users are personal data: in a listing only for who asks for them.
[[nodiscard]] std::string letters_json(const DeadLetterPage& page, bool with_users);
[[nodiscard]] std::string letter_json(const DeadLetterDetail& detail);
/// `{"discarded":[…],"next":N}`
[[nodiscard]] std::string discarded_page_json(const DiscardedPage& page);
[[nodiscard]] std::string discarded_letter_json(const DiscardedLetter& letter);
[[nodiscard]] std::string replay_json(const DeadLetterReplay& replay);
/// `{"replays":[…]}`
[[nodiscard]] std::string replays_json(const std::vector<DeadLetterReplay>& replays);

}  // namespace user_events::server
