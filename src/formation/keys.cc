#include "formation/keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace user_events::formation {
namespace {

void require(bool good, const char* what) {
  if (good) [[likely]]
    return;
  std::fprintf(stderr, "user-events: OpenSSL cannot compute %s\n", what);
  std::abort();
}

template <auto Free>
struct FreeWith {
  void operator()(auto* pointer) const noexcept { Free(pointer); }
};

void derive(std::span<const std::byte, 32> secret, std::string label, std::span<unsigned char> out) {
  const std::unique_ptr<EVP_KDF, FreeWith<EVP_KDF_free>> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  require(kdf != nullptr, "HKDF");
  const std::unique_ptr<EVP_KDF_CTX, FreeWith<EVP_KDF_CTX_free>> context(EVP_KDF_CTX_new(kdf.get()));
  require(context != nullptr, "HKDF");
  std::array<std::byte, 32> key;
  std::ranges::copy(secret, key.begin());
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, label.data(), label.size()),
      OSSL_PARAM_construct_end()};
  require(EVP_KDF_derive(context.get(), out.data(), out.size(), params) == 1, "HKDF");
  OPENSSL_cleanse(key.data(), key.size());
}

/// One SipHash context a thread: setting a key neither allocates nor remembers anything of the one before.
EVP_MAC_CTX* thread_siphash() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);  // kept for the process
  require(mac != nullptr, "SipHash");
  thread_local const std::unique_ptr<EVP_MAC_CTX, FreeWith<EVP_MAC_CTX_free>> context = [] {
    EVP_MAC_CTX* made = EVP_MAC_CTX_new(mac);
    require(made != nullptr, "SipHash");
    std::size_t size = sizeof(journal::RequestMac);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                 OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(made, params) == 1, "SipHash");
    return std::unique_ptr<EVP_MAC_CTX, FreeWith<EVP_MAC_CTX_free>>(made);
  }();
  return context.get();
}

}  // namespace

Keys::Keys(std::span<const std::byte, 32> secret) {
  derive(secret, "user-events identifier token v1", token_key_);
  derive(secret, "user-events request mac v1", mac_key_);
}

Keys::~Keys() {
  OPENSSL_cleanse(token_key_.data(), token_key_.size());
  OPENSSL_cleanse(mac_key_.data(), mac_key_.size());
}

void Keys::append_token(std::string_view identifier, std::string& out) const {
  std::string normal(identifier);
  for (char& c : normal)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::array<unsigned char, 32> mac;
  unsigned int size = 0;
  require(HMAC(EVP_sha256(), token_key_.data(), static_cast<int>(token_key_.size()),
               reinterpret_cast<const unsigned char*>(normal.data()), normal.size(), mac.data(),
               &size) != nullptr,
          "HMAC-SHA256");
  OPENSSL_cleanse(normal.data(), normal.size());
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "tok_";
  for (std::size_t i = 0; i < 16; ++i) (out += kHex[mac[i] >> 4]) += kHex[mac[i] & 15];
}

journal::RequestMac Keys::request_mac(std::string_view type, std::uint32_t version, std::string_view time,
                                      std::string_view data) const {
  EVP_MAC_CTX* const context = thread_siphash();
  require(EVP_MAC_init(context, mac_key_.data(), mac_key_.size(), nullptr) == 1, "SipHash");
  const std::array<std::uint64_t, 4> lengths = {type.size(), version, time.size(), data.size()};
  const auto update = [&](const void* bytes, std::size_t size) {
    require(EVP_MAC_update(context, static_cast<const unsigned char*>(bytes), size) == 1, "SipHash");
  };
  update(lengths.data(), sizeof lengths);
  for (const std::string_view part : {type, time, data}) update(part.data(), part.size());
  journal::RequestMac mac;
  std::size_t size = 0;
  require(EVP_MAC_final(context, reinterpret_cast<unsigned char*>(mac.data()), &size, mac.size()) == 1 &&
              size == mac.size(),
          "SipHash");
  return mac;
}

}  // namespace user_events::formation
