// Which addresses a webhook is not sent to: who may choose a URL must not reach what only this machine or its
// network can.
#pragma once

#include <sys/socket.h>

#include <cstdint>

namespace user_events::destinations::webhook {

enum class Reach : std::uint8_t {
  global,   ///< A host of the public Internet.
  local,    ///< Loopback, private (RFC 1918, unique local) or shared (100.64.0.0/10): allowed by
            ///< `allow_private_networks`.
  nowhere,  ///< Link-local (cloud metadata), multicast, unspecified, reserved, documentation, tunnels: never.
};

/// After IANA's special-purpose registries. An IPv6 address that stands for an IPv4 one (mapped, NAT64) is
/// judged as that one; of the rest only 2000::/3 is public. Anything but IPv4 and IPv6 is `nowhere`.
/// Thread-safe, never fails.
[[nodiscard]] Reach reach_of(const sockaddr& address) noexcept;

}  // namespace user_events::destinations::webhook
