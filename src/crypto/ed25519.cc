#include "crypto/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/require.h"

namespace user_events::crypto {
namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

/// What stands between the lines of a PEM file, in the reserved memory.
struct Der {
  Der() = default;
  ~Der() { OPENSSL_secure_clear_free(bytes, static_cast<std::size_t>(size)); }
  Der(const Der&) = delete;
  Der& operator=(const Der&) = delete;
  unsigned char* bytes = nullptr;
  long size = 0;
};

int no_password(char*, int, int, void*) { return -1; }

}  // namespace

void Ed25519Key::Free::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

std::unique_ptr<Ed25519Key> Ed25519Key::parse_pem(const SecretText& pem) {
  const Bio in(BIO_new_mem_buf(pem.view().data(), static_cast<int>(pem.view().size())));
  require(in != nullptr, "a PEM file");
  Der der;
  Key key;
  if (PEM_bytes_read_bio_secmem(&der.bytes, &der.size, nullptr, PEM_STRING_PKCS8INF, in.get(), no_password, nullptr) == 1) {
    const unsigned char* at = der.bytes;
    key.reset(d2i_AutoPrivateKey(nullptr, &at, der.size));
  }
  ERR_clear_error();
  if (!key || EVP_PKEY_is_a(key.get(), "ED25519") != 1) return nullptr;
  return std::unique_ptr<Ed25519Key>(new Ed25519Key(key.release()));
}

std::array<unsigned char, kEd25519PublicBytes> Ed25519Key::public_key() const {
  std::array<unsigned char, kEd25519PublicBytes> bytes;
  std::size_t size = bytes.size();
  require(EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size) == 1 && size == bytes.size(), "Ed25519");
  return bytes;
}

void Ed25519Signer::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Ed25519Signer::Ed25519Signer(const Ed25519Key& key) : initialised_(EVP_MD_CTX_new()), context_(EVP_MD_CTX_new()) {
  require(initialised_ != nullptr && context_ != nullptr && EVP_DigestSignInit(initialised_.get(), nullptr, nullptr, nullptr, key.key_.get()) == 1, "Ed25519");
}

// A context makes one signature (OpenSSL 3.2 and later refuse a second one); a copy of one that is set up costs less than to set one up.
std::array<unsigned char, kEd25519SignatureBytes> Ed25519Signer::operator()(std::string_view text) {
  std::array<unsigned char, kEd25519SignatureBytes> signature;
  std::size_t size = signature.size();
  require(EVP_MD_CTX_copy_ex(context_.get(), initialised_.get()) == 1 &&
              EVP_DigestSign(context_.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1 && size == signature.size(),
          "Ed25519");
  return signature;
}

}  // namespace user_events::crypto
