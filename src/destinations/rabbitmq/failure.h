// What went wrong with a connection, in one line for a person, and what it means for the events under way.
#pragma once

#include <amqp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace user_events::destinations::rabbitmq {

struct Failure {
  enum class Kind : std::uint8_t {
    network,    ///< Connection refused, cut or silent; a broker that shuts down.
    silence,    ///< It lives, but confirms nothing.
    settings,   ///< Login, vhost, certificate, topology: stays until somebody mends it.
    access,     ///< No right to publish, or no such exchange: the event that met it was not taken.
    queue_access,  ///< No right to publish to a queue by name: meets copies of dead letters only.
    too_large,  ///< The event that met it is larger than the broker takes.
    message,    ///< It can't be written as an AMQP message; nothing of it that counts was sent.
    protocol,   ///< Anything else that closes the channel or connection.
  };
  Kind kind = Kind::network;
  std::string text;                  ///< With a hint; no secret.
  std::uint64_t limit_bytes = 0;     ///< Of too_large: as the broker's text names it; 0: not known.
};

/// What the broker closed the channel or connection with, while events were sent.
[[nodiscard]] Failure sending_failure(std::uint16_t code, std::string_view reply_text);
/// The same while logging in.
[[nodiscard]] Failure login_failure(const amqp_rpc_reply_t& reply);
/// The same in answer to a request about exchange or queue. `what` is the thing, `exchange 'x'`.
[[nodiscard]] Failure topology_failure(const amqp_rpc_reply_t& reply, std::string_view what);
/// An error of librabbitmq's. `system_error` (errno, or 0) tells more of a socket error.
[[nodiscard]] Failure library_failure(int status, std::string_view doing, int system_error = 0);

/// The broker's own words within its answer, made fit for one line. Nothing if it is no exception of the broker's.
struct ServerException {
  std::uint16_t code = 0;
  std::string text;
};
[[nodiscard]] std::optional<ServerException> server_exception(const amqp_method_t& method);

[[nodiscard]] inline std::string_view view(const amqp_bytes_t& bytes) noexcept { return {static_cast<const char*>(bytes.bytes), bytes.len}; }

}  // namespace user_events::destinations::rabbitmq
