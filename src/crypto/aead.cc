#include "crypto/aead.h"

#include <openssl/evp.h>

#include <memory>

#include "crypto/require.h"

namespace user_events::crypto {
namespace {

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);  // kept for the process
  require(cipher != nullptr, "AES-256-GCM");
  return cipher;
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

/// One context a thread and direction: setting a key neither allocates nor remembers anything of the one before.
EVP_CIPHER_CTX* thread_context(bool encrypt) {
  thread_local const Context contexts[2] = {Context(EVP_CIPHER_CTX_new()), Context(EVP_CIPHER_CTX_new())};
  EVP_CIPHER_CTX* const context = contexts[encrypt ? 1 : 0].get();
  require(context != nullptr, "AES-256-GCM");
  if (EVP_CIPHER_CTX_get0_cipher(context) == nullptr)
    require(EVP_CipherInit_ex2(context, algorithm(), nullptr, nullptr, encrypt ? 1 : 0, nullptr) == 1, "AES-256-GCM");
  return context;
}

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// Runs key, nonce, associated data and text; the tag is the caller's.
void run(EVP_CIPHER_CTX* context, bool encrypt, std::span<const unsigned char, kKeyBytes> key, Nonce nonce, std::string_view associated,
         std::span<char> text) {
  int size = 0;
  auto* const data = reinterpret_cast<unsigned char*>(text.data());
  require(EVP_CipherInit_ex2(context, nullptr, key.data(), nonce.data(), encrypt ? 1 : 0, nullptr) == 1, "AES-256-GCM");
  require(EVP_CipherUpdate(context, nullptr, &size, bytes(associated), static_cast<int>(associated.size())) == 1, "AES-256-GCM");
  require(EVP_CipherUpdate(context, data, &size, data, static_cast<int>(text.size())) == 1, "AES-256-GCM");
}

}  // namespace

void seal(std::span<const unsigned char, kKeyBytes> key, Nonce nonce, std::string_view associated, std::span<char> text,
          std::span<char, kTagBytes> tag) {
  EVP_CIPHER_CTX* const context = thread_context(true);
  run(context, true, key, nonce, associated, text);
  int size = 0;
  require(EVP_CipherFinal_ex(context, reinterpret_cast<unsigned char*>(tag.data()), &size) == 1, "AES-256-GCM");
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) == 1, "AES-256-GCM");
}

bool open(std::span<const unsigned char, kKeyBytes> key, Nonce nonce, std::string_view associated, std::span<char> text,
          std::span<const char, kTagBytes> tag) {
  EVP_CIPHER_CTX* const context = thread_context(false);
  run(context, false, key, nonce, associated, text);
  std::array<char, kTagBytes> expected;
  std::copy(tag.begin(), tag.end(), expected.begin());
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(expected.size()), expected.data()) == 1, "AES-256-GCM");
  int size = 0;
  unsigned char none = 0;
  if (EVP_CipherFinal_ex(context, &none, &size) == 1) return true;
  wipe({reinterpret_cast<unsigned char*>(text.data()), text.size()});
  return false;
}

}  // namespace user_events::crypto
