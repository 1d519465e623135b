// Hashes without a key, and base64 as OpenSSL writes it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace user_events::crypto {

using Digest256 = std::array<unsigned char, 32>;
/// SHA-256 (FIPS 180-4). Thread-safe; no allocation after a thread's first call.
[[nodiscard]] Digest256 sha256(std::string_view text);

/// With padding, on one line (RFC 4648, 4).
[[nodiscard]] std::string base64(std::string_view bytes);
/// The bytes of such text; nothing if it is empty or not what `base64` writes.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);

}  // namespace user_events::crypto
