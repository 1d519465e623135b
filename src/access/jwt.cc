#include "access/jwt.h"

#include <array>

#include "access/token.h"
#include "base/ascii.h"
#include "base/base64url.h"
#include "base/json_reading.h"
#include "base/try.h"

namespace user_events::access {
namespace {

constexpr std::size_t kMaxKeyIdBytes = 256;
constexpr std::array<std::string_view, 3> kTimes = {"exp", "nbf", "iat"};
/// Keys in the token, addresses of keys, and what changes how it is to be read: a token with any of them is refused (RFC 8725, 3.10).
constexpr std::array<std::string_view, 7> kForbidden = {"crit", "jwk", "jku", "x5u", "x5c", "zip", "b64"};

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::unauthenticated, "invalid-token", std::move(why), "get a new token from its issuer; docs/security/access.md says what it must hold");
}

std::unexpected<Error> refuse() { return refuse("the token is not valid here"); }

bool is_type_of_token(std::string_view text) {
  const std::string lower = base::lowered(text);
  constexpr std::string_view kApplication = "application/";
  const auto type = std::string_view(lower).substr(lower.starts_with(kApplication) ? kApplication.size() : 0);
  return type == "jwt" || type == "at+jwt";
}

}  // namespace

struct UnverifiedToken::Impl {
  simdjson::dom::parser header_parser, payload_parser;
  simdjson::dom::object header, payload;
  std::string signed_text, signature;

  [[nodiscard]] bool has_good_header() const {
    for (const auto name : kForbidden)
      if (base::has(header, name)) return false;
    if (!base::text_of(header, "alg")) return false;
    const auto id = base::text_of(header, "kid");
    if (base::has(header, "kid") && (!id || id->size() > kMaxKeyIdBytes)) return false;
    const auto type = base::text_of(header, "typ");
    return !base::has(header, "typ") || (type && is_type_of_token(*type));
  }
  [[nodiscard]] bool has_good_times() const {
    double unused = 0;
    for (const auto name : kTimes)
      if (base::has(payload, name) && payload.at_key(name).get_double().get(unused) != simdjson::SUCCESS) return false;
    return true;
  }
};

UnverifiedToken::UnverifiedToken() : impl_(std::make_unique<Impl>()) {}
UnverifiedToken::UnverifiedToken(UnverifiedToken&&) noexcept = default;
UnverifiedToken::~UnverifiedToken() = default;

Result<UnverifiedToken> UnverifiedToken::parse(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return refuse();
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return refuse();
  const auto header = base::parse_base64url(token.substr(0, first));
  const auto payload = base::parse_base64url(token.substr(first + 1, second - first - 1));
  auto signature = base::parse_base64url(token.substr(second + 1));
  if (!header || !payload || !signature) return refuse();
  UnverifiedToken out;
  auto& impl = *out.impl_;
  const auto header_object = base::parse_object(impl.header_parser, *header);
  const auto payload_object = base::parse_object(impl.payload_parser, *payload);
  if (!header_object || !payload_object) return refuse();
  impl.header = *header_object;
  impl.payload = *payload_object;
  impl.signed_text = token.substr(0, second);
  impl.signature = *std::move(signature);
  if (!impl.has_good_header() || !impl.has_good_times()) return refuse();
  return out;
}

std::string_view UnverifiedToken::algorithm() const noexcept { return *base::text_of(impl_->header, "alg"); }
std::optional<std::string_view> UnverifiedToken::key_id() const noexcept { return base::text_of(impl_->header, "kid"); }
std::string_view UnverifiedToken::issuer() const noexcept { return base::text_of(impl_->payload, "iss").value_or(""); }
bool UnverifiedToken::is_signed_by(const VerifyingKey& key) const { return key.verifies(impl_->signed_text, impl_->signature); }

bool UnverifiedToken::claims(std::string_view name, std::string_view text) const {
  if (base::text_of(impl_->payload, name) == text) return true;
  simdjson::dom::array list;
  if (impl_->payload.at_key(name).get_array().get(list) != simdjson::SUCCESS) return false;
  std::string_view each;
  for (const auto element : list)
    if (element.get_string().get(each) == simdjson::SUCCESS && each == text) return true;
  return false;
}

bool UnverifiedToken::has_scope(std::string_view word) const {
  auto rest = base::text_of(impl_->payload, "scope").value_or("");
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == word) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::optional<double> UnverifiedToken::time(std::string_view name) const {
  double seconds = 0;
  if (impl_->payload.at_key(name).get_double().get(seconds) != simdjson::SUCCESS) return std::nullopt;
  return seconds;
}

bool looks_like_jwt(std::string_view token) noexcept {
  const auto dot = token.find('.');
  // `{"` in base64url
  return token.starts_with("eyJ") && dot != std::string_view::npos && token.find('.', dot + 1) != std::string_view::npos;
}

Result<void> verify(const UnverifiedToken& token, const TokenRules& rules, const KeySet& keys, std::int64_t now_ms) {
  const auto algorithm = parse_algorithm(token.algorithm());
  if (!algorithm || std::ranges::find(rules.algorithms, *algorithm) == rules.algorithms.end()) return refuse();
  if (token.issuer() != rules.issuer) return refuse();
  const auto* key = keys.find(*algorithm, token.key_id());
  if (key == nullptr) return fail(ErrorKind::unauthenticated, "unknown-key", "the token is not valid here", "its issuer's key set has no such key");
  if (!token.is_signed_by(*key)) return refuse();

  const double now = static_cast<double>(now_ms) / 1e3, leeway = static_cast<double>(rules.leeway_ms) / 1e3;
  if (!token.claims("aud", rules.audience)) return refuse("the token is for another audience");
  const auto end = token.time("exp"), begin = token.time("nbf"), made = token.time("iat");
  if (!end) return refuse("the token has no end (exp)");
  if (now >= *end + leeway) return refuse("the token has expired");
  if ((begin && now < *begin - leeway) || (made && now < *made - leeway)) return refuse("the token is not valid yet");
  return {};
}

}  // namespace user_events::access
