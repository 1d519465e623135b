#include "access/token.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/base64url.h"
#include "base/hex.h"
#include "crypto/digest.h"

namespace user_events::access {
namespace {

constexpr std::string_view kPrefix = "ue_";

}  // namespace

std::string make_token(ports::Random& random) {
  std::array<std::byte, 32> bits{};
  random.fill(bits);
  return std::string(kPrefix) + base::base64url({reinterpret_cast<const char*>(bits.data()), bits.size()});
}

TokenHash hash_token(std::string_view token) noexcept { return crypto::sha256(token); }

std::string to_hex(const TokenHash& hash) {
  std::string out;
  base::append_hex({reinterpret_cast<const char*>(hash.data()), hash.size()}, out);
  return out;
}

std::optional<TokenHash> parse_token_hash(std::string_view hex) noexcept {
  TokenHash hash;
  if (!base::parse_hex(hex, hash)) return std::nullopt;
  return hash;
}

bool equal(const TokenHash& a, const TokenHash& b) noexcept { return ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

bool is_bearer_token(std::string_view text) noexcept {
  const auto padding = std::min(text.find('='), text.size());
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~+/").contains(c);
  };
  return padding > 0 && text.size() <= kMaxTokenBytes && std::ranges::all_of(text.substr(0, padding), fits) &&
         std::ranges::all_of(text.substr(padding), [](char c) { return c == '='; });
}

}  // namespace user_events::access
