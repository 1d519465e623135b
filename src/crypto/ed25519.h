// Ed25519 signatures, RFC 8032.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "crypto/secret_text.h"

struct evp_pkey_st;

namespace user_events::crypto {

inline constexpr std::size_t kEd25519SignatureBytes = 64, kEd25519PublicBytes = 32;

/// A private key; its secret lies in the reserved memory as long as there is room, and is wiped when it goes. Thread-safe.
class Ed25519Key {
 public:
  /// PKCS #8 in PEM, not encrypted, as `openssl genpkey -algorithm ed25519` writes it; nothing if it is not that.
  [[nodiscard]] static std::unique_ptr<Ed25519Key> parse_pem(const SecretText& pem);

  /// The same text gives the same signature. About 30 µs and 2 ns a byte.
  [[nodiscard]] std::array<unsigned char, kEd25519SignatureBytes> sign(std::string_view text) const;
  [[nodiscard]] std::array<unsigned char, kEd25519PublicBytes> public_key() const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  explicit Ed25519Key(evp_pkey_st* key) : key_(key) {}
  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace user_events::crypto
