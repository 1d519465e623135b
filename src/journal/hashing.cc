#include "journal/hashing.h"

#include <openssl/evp.h>

#include <bit>
#include <cstdlib>

#include "journal/bytes.h"

namespace user_events::journal {

struct Sha256::Context {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  // Only an OpenSSL without SHA-256 gets here; there is no journal without it.
  if (context_->algorithm == nullptr || context_->context == nullptr) std::abort();
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_->context);
  EVP_MD_free(context_->algorithm);
}

Hash Sha256::operator()(std::span<const std::byte> bytes) {
  Hash hash{};
  const bool done =
      EVP_DigestInit_ex2(context_->context, context_->algorithm, nullptr) == 1 &&
      EVP_DigestUpdate(context_->context, bytes.data(), bytes.size()) == 1 &&
      EVP_DigestFinal_ex(context_->context, reinterpret_cast<unsigned char*>(hash.data()), nullptr) == 1;
  if (!done) std::abort();
  return hash;
}

namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash(IdHashKey key, std::string_view text) noexcept {
  SipState state{key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du, key.k0 ^ 0x6c7967656e657261u,
                 key.k1 ^ 0x7465646279746573u};
  const std::byte* at = as_bytes(text).data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) state.absorb(load<std::uint64_t>(at));
  std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
  for (std::size_t i = 0; i < left; ++i) last |= static_cast<std::uint64_t>(at[i]) << (8 * i);
  state.absorb(last);
  state.v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace user_events::journal
