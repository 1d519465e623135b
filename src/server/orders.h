// What a request asks to be done with dead letters or a destination, read from its JSON body or its query.
#pragma once

#include <string>
#include <string_view>

#include "server/target.h"
#include "user_events/publisher.h"

namespace user_events::server {

struct ReplayOrder {
  DeadLetterFilter filter;
  ReplayOptions options;
};
struct DiscardOrder {
  DeadLetterFilter filter;
  std::string reason, by;
};

// Errors: malformed (`malformed-json`, `bad-order` with a pointer for each finding). A filter that names nothing is refused unless the body says
// `"all": true`: what a script computed to be empty must not mean everything.
[[nodiscard]] Result<ReplayOrder> parse_replay_order(std::string_view body);
[[nodiscard]] Result<DiscardOrder> parse_discard_order(std::string_view body);
/// `{"sequence":N}` or `{"time":"…"}`.
[[nodiscard]] Result<RewindTarget> parse_rewind_order(std::string_view body);

struct ForgetOrder {
  ForgetTarget target;
  ForgetOptions options;
};
/// `{"user":"…"}` or `{"identifier":"…"}`, with `reason`.
[[nodiscard]] Result<ForgetOrder> parse_forget_order(std::string_view body);
/// `{"what":"epoch"}` or `{"what":"master"}`.
[[nodiscard]] Result<KeyRotation> parse_rotation_order(std::string_view body);

struct HoldOrder {
  std::string name, reason, by;
};
/// `{"name":"…","reason":"…"}`, or without a name, which the path has then.
[[nodiscard]] Result<HoldOrder> parse_hold_order(std::string_view body, bool with_name);
/// `{"on":true}`
[[nodiscard]] Result<bool> parse_index_order(std::string_view body);

/// A time in the query; nothing if there is none. Error malformed, `bad-parameter`.
[[nodiscard]] Result<void> read_time(const Target& target, std::string_view name, std::optional<Timestamp>& out);
/// The filter of a listing; no condition means all. Error malformed, `bad-parameter`.
[[nodiscard]] Result<DeadLetterFilter> letter_filter(const Target& target);

}  // namespace user_events::server
