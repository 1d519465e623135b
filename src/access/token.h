// Bearer tokens of this daemon: 256 random bits, of which only a hash is kept.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ports/random.h"

namespace user_events::access {

/// A token has 256 bits of its own, so that one plain SHA-256 keeps it: there is nothing to guess, and no salt is needed.
using TokenHash = std::array<unsigned char, 32>;

inline constexpr std::size_t kLeastTokenBytes = 32;       ///< Of a token that somebody else has made.
inline constexpr std::size_t kMaxTokenBytes = 8 << 10;    ///< JSON Web Tokens included.

/// `ue_` and 43 characters of base64url.
[[nodiscard]] std::string make_token(ports::Random& random);
/// About 200 ns.
[[nodiscard]] TokenHash hash_token(std::string_view token) noexcept;
[[nodiscard]] std::string to_hex(const TokenHash& hash);
/// 64 hexadecimal digits in either case, else nothing.
[[nodiscard]] std::optional<TokenHash> parse_token_hash(std::string_view hex) noexcept;
/// Takes the same time whatever the hashes are.
[[nodiscard]] bool equal(const TokenHash& a, const TokenHash& b) noexcept;

/// The `b64token` of RFC 6750, 2.1.
[[nodiscard]] bool is_bearer_token(std::string_view text) noexcept;

}  // namespace user_events::access
