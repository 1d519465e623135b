// What a receiver of security event tokens answers: RFC 8935, 2.3 and 2.4.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "destinations/webhook/outcome.h"

namespace user_events::destinations::webhook {
namespace {

/// Errors that are no token's own fault: with them none would be taken.
constexpr std::array<std::string_view, 5> kOfSender = {"invalid_key", "invalid_issuer", "invalid_audience", "authentication_failed", "access_denied"};

std::string_view hint_for(std::string_view error) noexcept {
  if (error == "invalid_key") return "the receiver must read the key set anew: /.well-known/jwks.json";
  if (error == "invalid_issuer") return "check set.issuer";
  if (error == "invalid_audience") return "check set.audience";
  return "check headers.Authorization, and what the receiver allows";
}

/// `err` of the body, if it is one of those; nothing else of it is believed or shown.
std::string_view error_of(const std::string& body) {
  simdjson::dom::parser parser;
  std::string_view error;
  if (parser.parse(simdjson::padded_string(body))["err"].get_string().get(error) != simdjson::SUCCESS) return {};
  const auto found = std::ranges::find(kOfSender, error);
  return found == kOfSender.end() ? std::string_view() : *found;
}

}  // namespace

Verdict judge_push(const http::Response& response) {
  if (response.status != 400) return judge(response);
  const auto error = error_of(response.body);
  if (error.empty()) return judge(response);
  return {Outcome::unavailable, fmt::format("answered with status 400, {} ({})", error, hint_for(error)), Retrial::event};
}

}  // namespace user_events::destinations::webhook
