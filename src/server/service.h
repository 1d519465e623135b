// What all connections of a server share.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "access/rate_limit.h"
#include "server/access_state.h"
#include "server/guard.h"
#include "server/tls.h"
#include "server/worker.h"
#include "user_events/publisher.h"

namespace user_events::server {

/// Counted by all loops, read by `/metrics`. Relaxed: nothing depends on them.
struct Counters {
  std::array<std::atomic<std::uint64_t>, 6> answers{};  ///< By hundreds of the status.
  std::atomic<std::uint64_t> refused_connections{0};    ///< Over max_connections.
};

/// Requests that were refused for who sent them, and how many lines the log gets about them.
struct Denials {
  std::atomic<std::uint64_t> unauthenticated{0}, forbidden{0}, rate_limited{0}, not_logged{0};
  access::RateLimit log_rate{access::Rate{10}};
};

struct Service {
  Service(UserEventPublisher& the_publisher, const HttpOptions& http, std::unique_ptr<TlsFiles> tls_files)
      : publisher(the_publisher),
        tls(std::move(tls_files)),
        options(http),
        guard(http.allowed_hosts, http.listen),
        reads(the_publisher, http.max_connections),
        commands(the_publisher, http.max_connections) {}

  UserEventPublisher& publisher;
  const std::unique_ptr<TlsFiles> tls;
  const HttpOptions options;
  const Guard guard;
  Worker reads;
  Worker commands;  ///< What changes something: a replay of very many letters must not hold up `/readyz`.
  std::atomic<bool> stopping{false};
  std::atomic<std::uint32_t> connections{0};
  std::atomic<std::uint32_t> event_streams{0};
  Counters counters;
  Denials denials;
  AccessState access;
};

/// The server's own metrics in Prometheus text format.
void append_server_metrics(const Service& service, std::string& out);
/// Those about clients (`access_metrics.cc`).
void append_access_metrics(const Service& service, std::string& out);

}  // namespace user_events::server
