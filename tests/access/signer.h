// Makes tokens for tests: an Ed25519 key, and any header and payload.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>

#include "base/base64url.h"

namespace user_events::access::testing {

class Signer {
 public:
  Signer() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free) {}

  [[nodiscard]] std::string jwk(const std::string& id) const {
    std::array<unsigned char, 32> bytes{};
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size);
    return R"({"kty":"OKP","crv":"Ed25519","kid":")" + id + R"(","x":")" + base::base64url({reinterpret_cast<char*>(bytes.data()), size}) + "\"}";
  }
  [[nodiscard]] std::string jwks(const std::string& id) const { return "{\"keys\":[" + jwk(id) + "]}"; }

  [[nodiscard]] std::string sign(const std::string& header, const std::string& payload) const {
    std::string text = base::base64url(header) + "." + base::base64url(payload);
    std::array<unsigned char, 64> signature{};
    std::size_t size = signature.size();
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    return text + "." + base::base64url({reinterpret_cast<char*>(signature.data()), size});
  }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace user_events::access::testing
