#include "signing/verify.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/base64url.h"
#include "base/json_reading.h"
#include "base/try.h"
#include "crypto/derive.h"
#include "signing/jws.h"
#include "signing/refusal.h"

namespace user_events::signing {
namespace {

using base::text_of;

struct Parts {
  std::string_view head, signature;  // in base64url
};

std::optional<Parts> split(std::string_view jws) {
  const auto dots = jws.find("..");
  if (jws.size() > kMaxReceivedJwsBytes || dots == std::string_view::npos) return std::nullopt;
  return Parts{jws.substr(0, dots), jws.substr(dots + 2)};
}

/// RFC 7797, 6: who does not know `b64` must refuse, so `crit` names it; anything else that it names is not known here.
bool has_plain_payload(const simdjson::dom::object& header) {
  simdjson::dom::array critical;
  bool encoded = true;
  std::string_view name;
  return header.at_key("crit").get_array().get(critical) == simdjson::SUCCESS && critical.size() == 1 && critical.at(0).get_string().get(name) == simdjson::SUCCESS &&
         name == "b64" && header.at_key("b64").get_bool().get(encoded) == simdjson::SUCCESS && !encoded;
}

Result<void> check_signature(Algorithm algorithm, std::string_view key, std::string_view content, std::string_view signature, const VerifyingKeys& keys) {
  if (algorithm == Algorithm::hs256) {
    if (!keys.secret) return refuse("it is signed with a secret (HS256), and none is given", "name its file with --secret-file");
    const auto mac = crypto::hmac_sha256(keys.secret->bytes(), content);
    if (signature.size() != mac.size() || CRYPTO_memcmp(signature.data(), mac.data(), mac.size()) != 0) return refuse("the signature is not of this body and key");
    return {};
  }
  if (!keys.set) return refuse("it is signed with a key pair (EdDSA), and no public keys are given", "name them with --jwks");
  const auto* const public_key = keys.set->find(access::Algorithm::eddsa, key);
  if (public_key == nullptr) return refuse("there is no public key of the name that it is signed with", "get the key set anew: GET /.well-known/jwks.json");
  if (!public_key->verifies(content, signature)) return refuse("the signature is not of this body and key");
  return {};
}

Result<void> read_attributes(const simdjson::dom::object& header, Verified& out) {
  simdjson::dom::object attributes;
  if (header.at_key("ce").get_object().get(attributes) != simdjson::SUCCESS) return refuse("its header holds no attributes of an event (`ce`)");
  for (const auto& [name, value] : attributes) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return refuse("an attribute in its header is no text");
    out.attributes.emplace_back(name, text);
  }
  return {};
}

}  // namespace

Result<Verified> verify_jws(std::string_view jws, std::string_view body, const VerifyingKeys& keys) {
  const auto parts = split(jws);
  if (!parts) return refuse("it is no JWS with a detached payload (HEADER..SIGNATURE)");
  const auto head = base::parse_base64url(parts->head), signature = base::parse_base64url(parts->signature);
  if (!head || !signature) return refuse("it is no JWS: its parts are not base64url");
  simdjson::dom::parser parser;
  const auto header = base::parse_object(parser, *head);
  if (!header) return refuse("its header is no JSON object, or has a name twice");
  if (!has_plain_payload(*header)) return refuse("its header does not say \"b64\":false with \"crit\":[\"b64\"], or asks for something that is not known here");
  const auto algorithm = parse_algorithm(text_of(*header, "alg").value_or(""));
  if (!algorithm) return refuse("its algorithm is neither EdDSA nor HS256");
  const auto key = text_of(*header, "kid");
  if (!key) return refuse("its header names no key (`kid`)");
  std::string content(parts->head);
  content.append(1, '.').append(body);
  UE_TRY(check_signature(*algorithm, *key, content, *signature, keys));
  Verified out{.algorithm = std::string(to_text(*algorithm)),
               .key = std::string(*key),
               .destination = std::string(text_of(*header, "destination").value_or("")),
               .content_type = std::string(text_of(*header, "cty").value_or("")),
               .attributes = {}};
  UE_TRY(read_attributes(*header, out));
  return out;
}

Result<void> require_attributes(const Verified& verified, const Attributes& given) {
  for (const auto& one : given)
    if (std::ranges::find(verified.attributes, one) == verified.attributes.end())
      return refuse("the attribute " + one.first + " is not what was signed");
  return {};
}

}  // namespace user_events::signing
