// Keys that sign what is delivered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/ed25519.h"
#include "crypto/hmac_key.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::signing {

enum class Algorithm : std::uint8_t {
  eddsa,  ///< Ed25519 (RFC 8037): who verifies cannot sign.
  hs256,  ///< HMAC-SHA256 (RFC 7518, 3.2): one secret for both.
};
/// As JWS writes it.
[[nodiscard]] std::string_view to_text(Algorithm algorithm) noexcept;
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view text) noexcept;

inline constexpr std::size_t kMaxSignatureBytes = crypto::kEd25519SignatureBytes;

/// A key with its name. Immutable, thread-safe.
class Key {
 public:
  /// Reads it. Errors `usage`, code `signing-key`, which name the key and never hold anything of it: not there, not of that algorithm, readable for
  /// others.
  [[nodiscard]] static Result<Key> load(const SigningKeyOptions& options);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Algorithm algorithm() const noexcept { return ed25519_ ? Algorithm::eddsa : Algorithm::hs256; }
  /// As a JSON Web Key (RFC 8037, 2); empty if there is no public half.
  [[nodiscard]] std::string public_jwk() const;
  /// The same key, whatever it is called.
  [[nodiscard]] bool is_same_as(const Key& other) const noexcept;
  /// Of the one algorithm; nullptr if it is the other.
  [[nodiscard]] const crypto::Ed25519Key* ed25519() const noexcept { return ed25519_.get(); }
  [[nodiscard]] const crypto::SecretKey* secret() const noexcept { return secret_ ? &*secret_ : nullptr; }

 private:
  explicit Key(std::string name) : name_(std::move(name)) {}
  std::string name_;
  std::unique_ptr<crypto::Ed25519Key> ed25519_;
  std::optional<crypto::SecretKey> secret_;
};

/// Signs with one key. Not thread-safe: one of each thread that signs.
class Signer {
 public:
  explicit Signer(std::shared_ptr<const Key> key);
  [[nodiscard]] const Key& key() const noexcept { return *key_; }
  /// The bytes of the signature, valid until the next call. Equal texts give equal signatures.
  [[nodiscard]] std::string_view operator()(std::string_view text);

 private:
  std::shared_ptr<const Key> key_;
  std::optional<crypto::HmacKey> hmac_;  // one of the two
  std::optional<crypto::Ed25519Signer> ed25519_;
  char signature_[kMaxSignatureBytes];
};

}  // namespace user_events::signing
