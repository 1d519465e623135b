// Ed25519 signatures, RFC 8032.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "crypto/secret_text.h"

struct evp_pkey_st;
struct evp_md_ctx_st;

namespace user_events::crypto {

inline constexpr std::size_t kEd25519SignatureBytes = 64, kEd25519PublicBytes = 32;

/// A private key; its secret lies in the reserved memory as long as there is room, and is wiped when it goes. Thread-safe.
class Ed25519Key {
 public:
  /// PKCS #8 in PEM, not encrypted, as `openssl genpkey -algorithm ed25519` writes it; nothing if it is not that.
  [[nodiscard]] static std::unique_ptr<Ed25519Key> parse_pem(const SecretText& pem);

  [[nodiscard]] std::array<unsigned char, kEd25519PublicBytes> public_key() const;

 private:
  friend class Ed25519Signer;
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  explicit Ed25519Key(evp_pkey_st* key) : key_(key) {}
  std::unique_ptr<evp_pkey_st, Free> key_;
};

/// Signs many texts with one key, which it keeps. Not thread-safe.
class Ed25519Signer {
 public:
  explicit Ed25519Signer(const Ed25519Key& key);
  /// The same text gives the same signature. About 37 µs and 4 ns a byte.
  [[nodiscard]] std::array<unsigned char, kEd25519SignatureBytes> operator()(std::string_view text);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> initialised_, context_;
};

}  // namespace user_events::crypto
