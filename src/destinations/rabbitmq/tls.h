// TLS for librabbitmq's socket: OpenSSL's own verification of chain and name, during the handshake.
#pragma once

#include <amqp.h>

#include <optional>
#include <string>

#include "destinations/rabbitmq/failure.h"
#include "destinations/settings.h"

namespace user_events::destinations::rabbitmq {

/// Makes the socket of `connection` (which owns it) one that verifies as `settings` say, for a broker named `host`.
[[nodiscard]] std::optional<Failure> make_tls_socket(amqp_connection_state_t connection, const TlsSettings& settings, const std::string& host);

/// Why the last handshake of this thread did not accept the broker's certificate; empty: it was not that.
[[nodiscard]] std::string certificate_problem();

}  // namespace user_events::destinations::rabbitmq
