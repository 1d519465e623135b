// Whether a request's caller may do what it asks for; if not, it is answered, logged and counted here.
#pragma once

#include <cstdint>
#include <optional>

#include "access/action.h"
#include "server/channel.h"
#include "user_events/publisher.h"

namespace user_events::server {

/// What a path asks of its caller.
struct Need {
  enum class Kind : std::uint8_t {
    nothing,  ///< Open to everybody.
    client,   ///< Any configured client.
    action,
  };
  Kind kind = Kind::client;
  access::Action action = access::Action::admin;
};

/// False: it is answered (400, 401, 403, 429 or 503).
[[nodiscard]] bool admit(Channel& channel, const Need& need);

/// Takes what a publish of `events` costs beyond its request.
void charge_events(Channel& channel, std::size_t events);
/// False: the caller has used up his rate for now.
[[nodiscard]] bool has_rate(Channel& channel);

/// The event types that the caller may see with `action`; empty: all.
[[nodiscard]] std::vector<std::string> visible_types(Channel& channel, access::Action action);
/// What of personal data the caller gets to see.
[[nodiscard]] ReaderView view_of(Channel& channel);
/// Error forbidden, code `user-hidden`: a user is named to a caller, or by one, who is shown no user ids.
[[nodiscard]] Result<void> may_name_users(Channel& channel, bool names);
/// The client that asks; `(anybody)` where none are configured.
[[nodiscard]] std::string principal_of(Channel& channel);
/// Who asks for something, for the record: the client, and whom it names.
[[nodiscard]] std::string requester(Channel& channel, const std::string& named);

}  // namespace user_events::server
