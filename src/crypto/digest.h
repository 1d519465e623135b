// Hashes without a key, and base64 as OpenSSL writes it.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace user_events::crypto {

using Digest256 = std::array<unsigned char, 32>;
/// SHA-256 (FIPS 180-4). Thread-safe; no allocation after a thread's first call.
[[nodiscard]] Digest256 sha256(std::string_view text);

/// With padding, on one line (RFC 4648, 4).
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace user_events::crypto
