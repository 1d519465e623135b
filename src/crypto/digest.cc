#include "crypto/digest.h"

#include <openssl/evp.h>

#include "crypto/require.h"

namespace user_events::crypto {

Digest256 sha256(std::string_view text) {
  Digest256 hash;
  require(EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) == 1, "SHA-256");
  return hash;
}

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // and the zero that OpenSSL appends
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace user_events::crypto
