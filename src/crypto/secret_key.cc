#include "crypto/secret_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <atomic>
#include <new>

#include "crypto/require.h"

namespace user_events::crypto {
namespace {

/// Of the reserved memory, for OpenSSL itself: where it is full, no generator can be seeded any more.
constexpr std::size_t kLeftToOpenSsl = 64u << 10;
std::atomic<std::size_t> most_used{0};  // beyond that keys lie elsewhere; 0: there is none

}  // namespace

bool reserve_key_memory(std::size_t bytes) noexcept {
  if (CRYPTO_secure_malloc_initialized() == 1) return true;
  const bool is_locked = CRYPTO_secure_malloc_init(bytes, kKeyBytes) == 1;
  most_used = bytes - std::min(bytes, kLeftToOpenSsl);
  return is_locked;
}

SecretKey::SecretKey() {
  // Without room in the reserved memory a key still must be had: then it lies in ordinary memory, and is wiped like the others.
  const std::size_t most = most_used;
  void* memory = most != 0 && CRYPTO_secure_used() < most ? OPENSSL_secure_zalloc(kKeyBytes) : nullptr;
  if (memory == nullptr) memory = OPENSSL_zalloc(kKeyBytes);
  if (memory == nullptr) throw std::bad_alloc();
  memory_.reset(static_cast<unsigned char*>(memory));
}

SecretKey::SecretKey(std::span<const unsigned char, kKeyBytes> bytes) : SecretKey() { std::ranges::copy(bytes, memory_.get()); }

void SecretKey::Wipe::operator()(unsigned char* memory) const noexcept { OPENSSL_secure_clear_free(memory, kKeyBytes); }

SecretKey SecretKey::random() {
  SecretKey key;
  fill_random(key.writable());
  return key;
}

void wipe(std::span<unsigned char> bytes) noexcept { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void fill_random(std::span<unsigned char> out) { require(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "random bytes"); }

}  // namespace user_events::crypto
