// What the metrics say about clients and about requests that were refused for who sent them.
#include <fmt/format.h>

#include <iterator>

#include "server/service.h"

namespace user_events::server {
namespace {

using Count = std::atomic<std::uint64_t> access::Principal::*;

void append_clients(const access::Policy& policy, std::string_view name, std::string_view help, Count count, std::string& out) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "# HELP {0} {1}\n# TYPE {0} counter\n", name, help);
  for (const auto& principal : policy.principals())
    fmt::format_to(to, "{}{{client=\"{}\"}} {}\n", name, principal->name(), (*principal.*count).load(std::memory_order_relaxed));
}

}  // namespace

void append_access_metrics(const Service& service, std::string& out) {
  const auto to = std::back_inserter(out);
  const auto load = [](const auto& count) { return count.load(std::memory_order_relaxed); };
  const auto& denials = service.denials;
  fmt::format_to(to,
                 "# HELP user_events_http_denied_total Requests that were refused for who sent them, by reason.\n"
                 "# TYPE user_events_http_denied_total counter\n"
                 "user_events_http_denied_total{{reason=\"unauthenticated\"}} {}\n"
                 "user_events_http_denied_total{{reason=\"forbidden\"}} {}\n"
                 "user_events_http_denied_total{{reason=\"rate-limited\"}} {}\n",
                 load(denials.unauthenticated), load(denials.forbidden), load(denials.rate_limited));
  const auto policy = service.access.policy();
  if (policy == nullptr) return;
  using access::Principal;
  append_clients(*policy, "user_events_client_requests_total", "Requests by client, refused ones included.", &Principal::requests, out);
  append_clients(*policy, "user_events_client_forbidden_total", "Requests for what the client is not granted.", &Principal::forbidden, out);
  append_clients(*policy, "user_events_client_rate_limited_total", "Requests over the client's rate.", &Principal::rate_limited, out);
}

}  // namespace user_events::server
