#include "signing/key.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/base64url.h"
#include "base/json_writer.h"
#include "crypto/secret_text.h"

namespace user_events::signing {
namespace {

std::unexpected<Error> bad(const std::string& name, std::string message, std::string hint) {
  return fail(ErrorKind::usage, "signing-key", "signing key '" + name + "': " + std::move(message), std::move(hint));
}

std::string_view as_text(std::span<const unsigned char> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

std::string_view to_text(Algorithm algorithm) noexcept { return algorithm == Algorithm::eddsa ? "EdDSA" : "HS256"; }

std::optional<Algorithm> parse_algorithm(std::string_view text) noexcept {
  if (text == "EdDSA") return Algorithm::eddsa;
  if (text == "HS256") return Algorithm::hs256;
  return std::nullopt;
}

Result<Key> Key::load(const SigningKeyOptions& options) {
  const auto algorithm = parse_algorithm(options.algorithm);
  if (!algorithm) return bad(options.name, "its algorithm is neither EdDSA nor HS256", "write algorithm = \"EdDSA\"");
  const auto text = crypto::SecretText::read(options.source, "signing key '" + options.name + "'");
  if (!text) {
    Error error = text.error();
    error.code = "signing-key";
    return std::unexpected(std::move(error));
  }
  Key key(options.name);
  if (*algorithm == Algorithm::eddsa) {
    key.ed25519_ = crypto::Ed25519Key::parse_pem(*text);
    if (!key.ed25519_)
      return bad(options.name, text->origin() + " does not hold an Ed25519 private key in PEM", "make one with: (umask 077; openssl genpkey -algorithm ed25519 -out FILE)");
    return key;
  }
  key.secret_ = crypto::parse_secret_key(*text);
  if (!key.secret_) return bad(options.name, text->origin() + " does not hold 32 bytes in base64 or hexadecimal", "make one with: (umask 077; openssl rand -base64 32 > FILE)");
  return key;
}

std::string Key::public_jwk() const {
  std::string out;
  if (!ed25519_) return out;
  base::ObjectWriter object(out);
  object.text("kty", "OKP");
  object.text("crv", "Ed25519");
  object.text("x", base::base64url(as_text(ed25519_->public_key())));
  object.text("kid", name_);
  object.text("use", "sig");
  object.text("alg", to_text(Algorithm::eddsa));
  object.end();
  return out;
}

bool Key::is_same_as(const Key& other) const noexcept {
  if (algorithm() != other.algorithm()) return false;
  if (ed25519_) return ed25519_->public_key() == other.ed25519_->public_key();
  return CRYPTO_memcmp(secret_->bytes().data(), other.secret_->bytes().data(), crypto::kKeyBytes) == 0;
}

Signer::Signer(std::shared_ptr<const Key> key) : key_(std::move(key)) {
  if (const auto* secret = key_->secret())
    hmac_.emplace(*secret);
  else
    ed25519_.emplace(*key_->ed25519());
}

std::string_view Signer::operator()(std::string_view text) {
  const auto keep = [this](const auto& bytes) {
    std::ranges::copy(bytes, reinterpret_cast<unsigned char*>(signature_));
    return std::string_view(signature_, bytes.size());
  };
  return hmac_ ? keep((*hmac_)(text)) : keep((*ed25519_)(text));
}

}  // namespace user_events::signing
