// Text as a JSON Web Token, and as a set of JSON Web Keys. No token is taken but one whose header and claims were signed.
#include <algorithm>

#include "access/jwt.h"
#include "access/token.h"
#include "base/base64url.h"
#include "fuzz.h"

namespace user_events::access {
namespace {

// The keys of RFC 7515, A.3, and RFC 8037, A.4, and what was signed with them there.
constexpr std::string_view kKeys = R"({"keys":[
  {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
  {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
constexpr std::string_view kSigned =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

void check_token(std::string_view text) {
  static const KeySet keys = fuzz::must(KeySet::parse(kKeys), "the keys of the standards");
  const auto token = UnverifiedToken::parse(text);
  if (!token) return fuzz::require(token.error().kind == ErrorKind::unauthenticated, "what is no token is no proof of anything");
  fuzz::require(looks_like_jwt(text), "what is a token looks like one");
  (void)token->time("exp");
  (void)token->claims("aud", "user-events");
  (void)token->has_scope("events:publish");
  TokenRules rules{std::string(token->issuer()), "user-events", {Algorithm::eddsa, Algorithm::es256, Algorithm::rs256}, 30'000};
  fuzz::require(!verify(*token, rules, keys, 1'300'819'370'000), "nobody signed a token for this audience");
  if (const auto algorithm = parse_algorithm(token->algorithm()))
    if (const auto* key = keys.find(*algorithm, {}); key != nullptr && token->is_signed_by(*key))
      fuzz::require(text.substr(0, text.rfind('.')) == kSigned, "only what was signed is signed");
}

void check_keys(std::string_view text) {
  const auto keys = KeySet::parse(text);
  if (!keys) return;
  fuzz::require(keys->size() >= 1 && keys->size() <= kMaxKeys, "a key set has a key and not too many");
  for (const auto algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa})
    if (const auto* key = keys->find(algorithm, {}); key != nullptr) {
      fuzz::require(key->algorithm() == algorithm, "a key is for one algorithm");
      // A key of small order would verify a signature of zeros over anything.
      fuzz::require(!key->verifies("content", std::string(64, '\0')), "no key takes a signature that says nothing");
    }
}

void check_base64url(std::string_view text) {
  if (const auto bytes = base::parse_base64url(text)) fuzz::require(base::base64url(*bytes) == text, "one text for each value");
  fuzz::require(base::parse_base64url(base::base64url(text)) == text, "base64url is read as it was written");
}

}  // namespace
}  // namespace user_events::access

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  const std::string_view text = fuzz::text_of(data, size);
  access::check_token(text);
  access::check_keys(text);
  access::check_base64url(text);
  if (const auto hash = access::parse_token_hash(text)) fuzz::require(access::parse_token_hash(access::to_hex(*hash)) == *hash, "a hash is read as it was written");
  return 0;
}
