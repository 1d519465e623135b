#include "server/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "observability/log.h"
#include "server/service.h"

namespace user_events::server {
namespace {

/// No client has such a name.
constexpr std::string_view kAnybody = "(anybody)", kUnknown = "(unknown)";
constexpr std::string_view kRealm = R"(Bearer realm="user-events")";

/// One line per denied request, at most ten a second: a flood must not fill the log. The counts are exact.
void log_denial(Channel& channel, std::string_view why, std::string_view action) {
  auto& denials = channel.service().denials;
  const auto* const client = channel.caller().principal();
  channel.service().publisher.note_denied(client != nullptr ? std::string_view(client->name()) : kUnknown, why, action);
  if (denials.log_rate.take(std::chrono::steady_clock::now())) {
    denials.not_logged.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const auto missing = denials.not_logged.exchange(0, std::memory_order_relaxed);
  const auto* principal = channel.caller().principal();
  observability::log().warn("http: denied: {} client={} action={} peer={}{}", why, principal != nullptr ? principal->name() : "-", action.empty() ? "-" : action,
                            channel.peer(), missing > 0 ? fmt::format(" ({} more before it not logged)", missing) : "");
}

/// RFC 6750, 3: no error code when there were no credentials of this scheme.
bool refuse_identity(Channel& channel, const Error& error) {
  auto& denials = channel.service().denials;
  log_denial(channel, error.code, {});
  if (error.kind == ErrorKind::unavailable) {
    channel.fail(error);
    return false;
  }
  (error.kind == ErrorKind::forbidden ? denials.forbidden : denials.unauthenticated).fetch_add(1, std::memory_order_relaxed);
  std::string challenge;
  if (error.code == "no-credentials" || error.code == "unknown-certificate")
    challenge = fmt::format("WWW-Authenticate: {}\r\n", kRealm);
  else if (error.kind == ErrorKind::malformed)
    challenge = fmt::format("WWW-Authenticate: {}, error=\"invalid_request\"\r\n", kRealm);
  else if (error.kind == ErrorKind::forbidden)
    challenge = fmt::format("WWW-Authenticate: {}, error=\"insufficient_scope\"\r\n", kRealm);
  else
    challenge = fmt::format("WWW-Authenticate: {}, error=\"invalid_token\"\r\n", kRealm);
  channel.fail(error, challenge);
  return false;
}

bool refuse_action(Channel& channel, const access::Principal& principal, access::Action action) {
  const auto name = access::to_text(action);
  principal.forbidden.fetch_add(1, std::memory_order_relaxed);
  channel.service().denials.forbidden.fetch_add(1, std::memory_order_relaxed);
  log_denial(channel, "action-not-granted", name);
  channel.fail(Error{ErrorKind::forbidden,
                     "action-not-granted",
                     fmt::format("this needs the action '{}', which this client is not granted", name),
                     "grants of its [[client]] name the actions",
                     {}},
               fmt::format("WWW-Authenticate: {}, error=\"insufficient_scope\", scope=\"{}\"\r\n", kRealm, name));
  return false;
}

bool refuse_rate(Channel& channel, const access::Principal& principal, std::chrono::nanoseconds wait) {
  principal.rate_limited.fetch_add(1, std::memory_order_relaxed);
  channel.service().denials.rate_limited.fetch_add(1, std::memory_order_relaxed);
  log_denial(channel, "rate-limited", {});
  const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
  channel.fail(Error{ErrorKind::rate_limited, "rate-limited", "this client has used up its rate", "rate of its [[client]] says how much it may", {}},
               fmt::format("Retry-After: {}\r\n", seconds));
  return false;
}

}  // namespace

bool admit(Channel& channel, const Need& need) {
  auto& caller = channel.caller();
  const auto& state = channel.service().access;
  if (need.kind == Need::Kind::nothing) {
    caller.forget();
    return true;
  }
  if (auto known = caller.identify(state, channel.request()); !known) return refuse_identity(channel, known.error());
  const auto* principal = caller.principal();
  if (principal == nullptr) return true;
  principal->requests.fetch_add(1, std::memory_order_relaxed);
  if (need.kind == Need::Kind::action && !principal->may(need.action)) return refuse_action(channel, *principal, need.action);
  if (auto* rate = principal->rate(); rate != nullptr)
    if (const auto wait = rate->take(std::chrono::steady_clock::now())) return refuse_rate(channel, *principal, *wait);
  return true;
}

void charge_events(Channel& channel, std::size_t events) {
  const auto* principal = channel.caller().principal();
  if (events > 0 && principal != nullptr && principal->rate() != nullptr) principal->rate()->charge(events, std::chrono::steady_clock::now());
}

bool has_rate(Channel& channel) {
  const auto* principal = channel.caller().principal();
  return principal == nullptr || principal->rate() == nullptr || principal->rate()->has_room(std::chrono::steady_clock::now());
}

std::vector<std::string> visible_types(Channel& channel, access::Action action) {
  const auto* principal = channel.caller().principal();
  return principal == nullptr ? std::vector<std::string>() : principal->patterns(action);
}

ReaderView view_of(Channel& channel) {
  const auto* principal = channel.caller().principal();
  return principal == nullptr ? ReaderView() : ReaderView{principal->privacy(), principal->name()};
}

Result<void> may_name_users(Channel& channel, bool names) {
  const auto* principal = channel.caller().principal();
  if (!names || principal == nullptr || principal->sees_users()) return {};
  return fail(ErrorKind::forbidden, "user-hidden", "this client is shown no user ids, and can name none", "privacy of its [[client]] says what it is shown");
}

std::string principal_of(Channel& channel) {
  const auto* principal = channel.caller().principal();
  return principal == nullptr ? std::string(kAnybody) : principal->name();
}

std::string requester(Channel& channel, const std::string& named) {
  const auto* principal = channel.caller().principal();
  return principal == nullptr ? named : fmt::format("{} ({})", principal->name(), named);
}

}  // namespace user_events::server
