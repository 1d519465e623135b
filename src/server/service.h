// What all connections of a server share.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "server/guard.h"
#include "server/worker.h"
#include "user_events/publisher.h"

namespace user_events::server {

/// Counted by all loops, read by `/metrics`. Relaxed: nothing depends on them.
struct Counters {
  std::array<std::atomic<std::uint64_t>, 6> answers{};  ///< By hundreds of the status.
  std::atomic<std::uint64_t> refused_connections{0};    ///< Over max_connections.
};

struct Service {
  Service(UserEventPublisher& the_publisher, const HttpOptions& http)
      : publisher(the_publisher),
        options(http),
        guard(http.allowed_hosts),
        reads(the_publisher, http.max_connections),
        commands(the_publisher, http.max_connections) {}

  UserEventPublisher& publisher;
  const HttpOptions options;
  const Guard guard;
  Worker reads;
  Worker commands;  ///< What changes something: a replay of very many letters must not hold up `/readyz`.
  std::atomic<bool> stopping{false};
  std::atomic<std::uint32_t> connections{0};
  std::atomic<std::uint32_t> event_streams{0};
  Counters counters;
};

/// The server's own metrics in Prometheus text format.
void append_server_metrics(const Service& service, std::string& out);

}  // namespace user_events::server
