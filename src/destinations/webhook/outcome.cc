#include "destinations/webhook/outcome.h"

#include <fmt/format.h>

namespace user_events::destinations::webhook {
namespace {

/// What a gateway, or the receiver itself, says when the receiver as such takes nothing.
bool is_outage(int status) noexcept {
  return status == 502 || status == 503 || status == 504 || status == 507 ||
         (status >= 520 && status <= 530);  // 52x: Cloudflare's, origin away
}

std::string_view hint_for(int status) noexcept {
  switch (status) {
    case 401:
    case 403:
      return " (check secret and headers, and the receiver's list of senders)";
    case 404:
    case 405:
      return " (check url; events wait)";
    case 410:
      return " (the receiver wants no more: remove the destination, or give a new url and restart)";
    case 413:
      return " (the receiver takes no event of this size)";
    case 429:
      return " (too many requests: lower max_in_flight)";
    default:
      return status >= 300 && status < 400 ? " (redirects are not followed: give the new place as url)" : "";
  }
}

}  // namespace

std::string problem_of(const http::Response& response) {
  if (response.address_refused)
    return "the host's address is not a public one (allow_private_networks = true allows private ones)";
  return response.error;
}

Verdict judge(const http::Response& response) {
  const int status = response.status;
  if (status == 0)
    return {response.sent ? Outcome::in_doubt : Outcome::unavailable, problem_of(response),
            Retrial::connection};
  if (status >= 200 && status < 300) return {};
  std::string reason = fmt::format("answered with status {}{}", status, hint_for(status));
  if (status == 410) return {Outcome::unavailable, std::move(reason), Retrial::never};
  const bool takes_nothing = (status >= 300 && status < 400) || status == 401 || status == 403 ||
                             status == 404 || status == 405 || status == 429 || is_outage(status);
  if (takes_nothing) return {Outcome::unavailable, std::move(reason), Retrial::event};
  if (status >= 400 && status < 500 && status != 408 && status != 425)
    return {Outcome::refused, std::move(reason)};
  return {Outcome::retry, std::move(reason)};
}

}  // namespace user_events::destinations::webhook
