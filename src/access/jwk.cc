#include "access/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>

#include "base/base64url.h"
#include "base/json_reading.h"
#include "crypto/require.h"

namespace user_events::access {
namespace {

constexpr int kLeastRsaBits = 2'048, kMostRsaBits = 8'192;  // RFC 7518, 3.3; larger ones only cost time
constexpr std::size_t kCoordinateBytes = 32;                // P-256 and Ed25519

using crypto::FreeWith;
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
Number number(std::string_view text) { return Number(BN_bin2bn(bytes(text), static_cast<int>(text.size()), nullptr)); }

EVP_PKEY* from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return key;
}

EVP_PKEY* rsa_key(std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > kMostRsaBits / 8 || exponent.empty() || exponent.size() > 8) return nullptr;
  const Number n = number(modulus), e = number(exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (BN_num_bits(n.get()) < kLeastRsaBits || BN_is_one(e.get()) || !BN_is_odd(e.get())) return nullptr;
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return from_parameters("RSA", builder.get());
}

EVP_PKEY* p256_key(std::string_view x, std::string_view y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return nullptr;
  const std::string point = "\x04" + std::string(x) + std::string(y);
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return from_parameters("EC", builder.get());  // refuses a point that is not on the curve
}

EVP_PKEY* ed25519_key(std::string_view x) {
  if (x.size() != kCoordinateBytes) return nullptr;
  return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size());
}

std::optional<VerifyingKey> to_key(const simdjson::dom::object& jwk) {
  const auto bytes_of = [&jwk](std::string_view name) { return base::parse_base64url(base::text_of(jwk, name).value_or("")).value_or(""); };
  const auto type = base::text_of(jwk, "kty"), curve = base::text_of(jwk, "crv"), use = base::text_of(jwk, "use"), stated = base::text_of(jwk, "alg");
  if (use && *use != "sig") return std::nullopt;
  EVP_PKEY* key = nullptr;
  auto algorithm = Algorithm::rs256;
  if (type == "RSA") {
    key = rsa_key(bytes_of("n"), bytes_of("e"));
  } else if (type == "EC" && curve == "P-256") {
    algorithm = Algorithm::es256;
    key = p256_key(bytes_of("x"), bytes_of("y"));
  } else if (type == "OKP" && curve == "Ed25519") {
    algorithm = Algorithm::eddsa;
    key = ed25519_key(bytes_of("x"));
  }
  if (key == nullptr) return std::nullopt;
  VerifyingKey out(std::string(base::text_of(jwk, "kid").value_or("")), algorithm, key);
  if (stated && parse_algorithm(*stated) != algorithm) return std::nullopt;
  return out;
}

/// r and s as JWS writes them, one behind the other, in the form that OpenSSL reads.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return {};
  const EcSignature parts(ECDSA_SIG_new());
  ECDSA_SIG_set0(parts.get(), number(signature.substr(0, kCoordinateBytes)).release(), number(signature.substr(kCoordinateBytes)).release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view text) noexcept {
  if (text == "RS256") return Algorithm::rs256;
  if (text == "ES256") return Algorithm::es256;
  if (text == "EdDSA") return Algorithm::eddsa;
  return std::nullopt;
}

VerifyingKey::VerifyingKey(std::string id, Algorithm algorithm, evp_pkey_st* key)
    : id_(std::move(id)), algorithm_(algorithm), key_(key, EVP_PKEY_free) {}

bool VerifyingKey::verifies(std::string_view content, std::string_view signature) const {
  std::string der;
  if (algorithm_ == Algorithm::es256) signature = der = to_der(signature);
  if (signature.empty()) return false;
  const EVP_MD* hash = algorithm_ == Algorithm::eddsa ? nullptr : EVP_sha256();
  const Digest digest(EVP_MD_CTX_new());
  return digest && EVP_DigestVerifyInit(digest.get(), nullptr, hash, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(digest.get(), bytes(signature), signature.size(), bytes(content), content.size()) == 1;
}

Result<KeySet> KeySet::parse(std::string_view json) {
  const auto refuse = [](std::string why) {
    return user_events::fail(ErrorKind::invalid, "bad-key-set", std::move(why), "it must be a JWK set (RFC 7517): {\"keys\":[…]}");
  };
  if (json.size() > kMaxKeySetBytes) return refuse("the key set is larger than 256 KiB");
  simdjson::dom::parser parser;
  const auto document = base::parse_object(parser, json);
  simdjson::dom::array keys;
  if (!document || document->at_key("keys").get_array().get(keys) != simdjson::SUCCESS) return refuse("the key set is no JSON object with a list `keys`");
  if (keys.size() > kMaxKeys) return refuse("the key set has more than 64 keys");
  KeySet out;
  for (const auto element : keys) {
    simdjson::dom::object jwk;
    if (element.get_object().get(jwk) != simdjson::SUCCESS) return refuse("an element of `keys` is no object");
    auto key = to_key(jwk);
    if (!key) continue;
    const auto is_same = [&](const VerifyingKey& other) { return other.id() == key->id() && other.algorithm() == key->algorithm(); };
    if (!key->id().empty() && std::ranges::any_of(out.keys_, is_same)) return refuse("two keys of the set have the same id");
    out.keys_.push_back(*std::move(key));
  }
  if (out.keys_.empty()) return refuse("the key set has no key for RS256 (2,048 bits or more), ES256 or EdDSA (Ed25519)");
  return out;
}

const VerifyingKey* KeySet::find(Algorithm algorithm, const std::optional<std::string_view>& id) const noexcept {
  const VerifyingKey* found = nullptr;
  for (const auto& key : keys_) {
    if (key.algorithm() != algorithm || (id && key.id() != *id)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace user_events::access
