#include "server/caller.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>

#include "base/try.h"
#include "server/access_state.h"

namespace user_events::server {
namespace {

constexpr std::string_view kScheme = "Bearer";

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// The token of the field; nothing if it is of another scheme (RFC 6750, 3: no error then, only what is asked for).
Result<std::optional<std::string_view>> bearer_token(const Request& request) {
  const auto refused = fail(ErrorKind::malformed, "bad-authorization", "there must be one Authorization field, `Bearer` and a token");
  if (request.authorizations > 1) return refused;
  const std::string_view text = request.authorization;
  const auto space = std::min(text.find(' '), text.size());
  const auto is_bearer = std::ranges::equal(text.substr(0, space), kScheme, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; },
                                            [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (!is_bearer) return std::nullopt;
  const auto begin = std::min(text.find_first_not_of(' ', space), text.size());
  if (!access::is_bearer_token(text.substr(begin))) return refused;
  return text.substr(begin);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<void> Caller::identify(const AccessState& state, const Request& request) {
  identity_ = {};
  if (!state.asks()) return {};
  if (knows(state, request)) {
    identity_ = remembered_;
    return {};
  }
  remembered_ = {};
  generation_ = state.generation();
  policy_ = state.policy();
  if (policy_ == nullptr) return {};
  UE_TRY_ASSIGN(const auto token, bearer_token(request));
  UE_TRY_ASSIGN(identity_, policy_->identify({token, certificate_ ? &*certificate_ : nullptr}, wall_clock_ms()));
  remembered_ = identity_;
  authorization_ = request.authorization;
  return {};
}

bool Caller::knows(const AccessState& state, const Request& request) const {
  return remembered_.principal != nullptr && generation_ == state.generation() && request.authorizations <= 1 &&
         equal_in_constant_time(authorization_, request.authorization) && (!remembered_.until_ms || wall_clock_ms() < *remembered_.until_ms);
}

Submitter Caller::submitter() const noexcept {
  if (identity_.principal == nullptr) return {};
  return {identity_.principal->name(), &identity_.principal->may_publish()};
}

bool Caller::still_holds(const AccessState& state) const {
  if (generation_ != state.generation() && state.asks()) return false;
  return !identity_.until_ms || wall_clock_ms() < *identity_.until_ms;
}

}  // namespace user_events::server
