#include "crypto/key_wrap.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "crypto/require.h"

namespace user_events::crypto {
namespace {

constexpr std::size_t kWrapOverheadBytes = 8, kMaxWrappedBytes = 64;

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

void wrap_bytes(const SecretKey& wrapping, std::span<const unsigned char> text, std::span<char> out) {
  EVP_CIPHER_CTX* const context = thread_context();
  int size = 0;
  require(out.size() == text.size() + kWrapOverheadBytes, "AES-256-WRAP");
  require(EVP_EncryptInit_ex2(context, algorithm(), wrapping.bytes().data(), nullptr, nullptr) == 1, "AES-256-WRAP");
  require(EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &size, text.data(), static_cast<int>(text.size())) == 1 &&
              size == static_cast<int>(out.size()),
          "AES-256-WRAP");
}

bool unwrap_bytes(const SecretKey& wrapping, std::string_view wrapped, std::span<unsigned char> out) {
  if (wrapped.size() > kMaxWrappedBytes || wrapped.size() != out.size() + kWrapOverheadBytes) return false;
  EVP_CIPHER_CTX* const context = thread_context();
  require(EVP_DecryptInit_ex2(context, algorithm(), wrapping.bytes().data(), nullptr, nullptr) == 1, "AES-256-WRAP");
  std::array<unsigned char, kMaxWrappedBytes> text;  // the cipher writes a block beyond the text before it has checked
  int size = 0;
  const bool good = EVP_DecryptUpdate(context, text.data(), &size, reinterpret_cast<const unsigned char*>(wrapped.data()),
                                      static_cast<int>(wrapped.size())) == 1 && size == static_cast<int>(out.size());
  if (good) std::copy_n(text.begin(), out.size(), out.begin());
  wipe(text);
  return good;
}

WrappedKey wrap_key(const SecretKey& wrapping, std::span<const unsigned char, kKeyBytes> key) {
  WrappedKey out;
  wrap_bytes(wrapping, key, out);
  return out;
}

std::optional<SecretKey> unwrap_key(const SecretKey& wrapping, std::string_view wrapped) {
  SecretKey key;
  if (wrapped.size() != kWrappedKeyBytes || !unwrap_bytes(wrapping, wrapped, key.writable())) return std::nullopt;
  return key;
}

}  // namespace user_events::crypto
