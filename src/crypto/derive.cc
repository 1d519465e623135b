#include "crypto/derive.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>
#include <string>
#include <vector>

#include "crypto/require.h"
#include "crypto/secret_key.h"

namespace user_events::crypto {
namespace {

/// One SipHash context a thread: setting a key neither allocates nor remembers anything of the one before.
EVP_MAC_CTX* thread_siphash() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);  // kept for the process
  require(mac != nullptr, "SipHash");
  thread_local const std::unique_ptr<EVP_MAC_CTX, FreeWith<EVP_MAC_CTX_free>> context = [] {
    EVP_MAC_CTX* made = EVP_MAC_CTX_new(mac);
    require(made != nullptr, "SipHash");
    std::size_t size = sizeof(Mac128);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(made, params) == 1, "SipHash");
    return std::unique_ptr<EVP_MAC_CTX, FreeWith<EVP_MAC_CTX_free>>(made);
  }();
  return context.get();
}

}  // namespace

void derive(std::span<const unsigned char> secret, std::string_view label, std::span<unsigned char> out) {
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);  // kept for the process
  require(kdf != nullptr, "HKDF");
  const std::unique_ptr<EVP_KDF_CTX, FreeWith<EVP_KDF_CTX_free>> context(EVP_KDF_CTX_new(kdf));
  require(context != nullptr, "HKDF");
  std::vector<unsigned char> key(secret.begin(), secret.end());  // OpenSSL's parameters are not const
  std::string info(label);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
  require(EVP_KDF_derive(context.get(), out.data(), out.size(), params) == 1, "HKDF");
  wipe(key);
}

Mac128 siphash(std::span<const unsigned char, 16> key, std::initializer_list<std::string_view> parts) {
  EVP_MAC_CTX* const context = thread_siphash();
  require(EVP_MAC_init(context, key.data(), key.size(), nullptr) == 1, "SipHash");
  for (const std::string_view part : parts)
    require(EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(part.data()), part.size()) == 1, "SipHash");
  Mac128 mac;
  std::size_t size = 0;
  require(EVP_MAC_final(context, reinterpret_cast<unsigned char*>(mac.data()), &size, mac.size()) == 1 && size == mac.size(), "SipHash");
  return mac;
}

Mac256 hmac_sha256(std::span<const unsigned char> key, std::string_view text) {
  Mac256 mac;
  unsigned int size = 0;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
               mac.data(), &size) != nullptr,
          "HMAC-SHA256");
  return mac;
}

}  // namespace user_events::crypto
