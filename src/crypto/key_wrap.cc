#include "crypto/key_wrap.h"

#include <openssl/evp.h>

#include <memory>

#include "crypto/require.h"

namespace user_events::crypto {
namespace {

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr);  // kept for the process
  require(cipher != nullptr, "AES-256-WRAP");
  return cipher;
}

EVP_CIPHER_CTX* thread_context() {
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>> context(EVP_CIPHER_CTX_new());
  require(context != nullptr, "AES-256-WRAP");
  EVP_CIPHER_CTX_reset(context.get());
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  return context.get();
}

}  // namespace

WrappedKey wrap_key(const SecretKey& wrapping, std::span<const unsigned char, kKeyBytes> key) {
  EVP_CIPHER_CTX* const context = thread_context();
  WrappedKey out;
  int size = 0;
  require(EVP_EncryptInit_ex2(context, algorithm(), wrapping.bytes().data(), nullptr, nullptr) == 1, "AES-256-WRAP");
  require(EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &size, key.data(), static_cast<int>(key.size())) == 1 &&
              size == static_cast<int>(out.size()),
          "AES-256-WRAP");
  return out;
}

std::optional<SecretKey> unwrap_key(const SecretKey& wrapping, std::string_view wrapped) {
  if (wrapped.size() != kWrappedKeyBytes) return std::nullopt;
  EVP_CIPHER_CTX* const context = thread_context();
  require(EVP_DecryptInit_ex2(context, algorithm(), wrapping.bytes().data(), nullptr, nullptr) == 1, "AES-256-WRAP");
  std::array<unsigned char, kWrappedKeyBytes> key;  // the cipher writes a block beyond the key before it has checked
  int size = 0;
  const bool good = EVP_DecryptUpdate(context, key.data(), &size, reinterpret_cast<const unsigned char*>(wrapped.data()),
                                      static_cast<int>(wrapped.size())) == 1 && size == static_cast<int>(kKeyBytes);
  std::optional<SecretKey> out;
  if (good) out.emplace(std::span<const unsigned char, kKeyBytes>(key.data(), kKeyBytes));
  wipe(key);
  return out;
}

}  // namespace user_events::crypto
