#include "crypto/hmac_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/require.h"

namespace user_events::crypto {
namespace {

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

void HmacKey::Free::operator()(evp_mac_ctx_st* context) const noexcept { EVP_MAC_CTX_free(context); }

HmacKey::HmacKey(const SecretKey& key) {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);  // kept for the process
  require(mac != nullptr, "HMAC-SHA256");
  context_.reset(EVP_MAC_CTX_new(mac));
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  require(context_ != nullptr && EVP_MAC_init(context_.get(), key.bytes().data(), key.bytes().size(), params) == 1, "HMAC-SHA256");
}

Mac256 HmacKey::operator()(std::string_view text) {
  Mac256 mac;
  std::size_t size = 0;
  require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 && EVP_MAC_update(context_.get(), bytes(text), text.size()) == 1 &&
              EVP_MAC_final(context_.get(), mac.data(), &size, mac.size()) == 1 && size == mac.size(),
          "HMAC-SHA256");
  return mac;
}

}  // namespace user_events::crypto
