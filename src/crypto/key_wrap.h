// Keys under keys: AES key wrap, RFC 3394.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "crypto/secret_key.h"

namespace user_events::crypto {

inline constexpr std::size_t kWrappedKeyBytes = kKeyBytes + 8;
using WrappedKey = std::array<char, kWrappedKeyBytes>;

/// `key` under `wrapping`: 40 bytes, the same for the same two. Thread-safe; about 2 µs.
[[nodiscard]] WrappedKey wrap_key(const SecretKey& wrapping, std::span<const unsigned char, kKeyBytes> key);
/// nullopt if it was not wrapped under `wrapping`, or was changed.
[[nodiscard]] std::optional<SecretKey> unwrap_key(const SecretKey& wrapping, std::string_view wrapped);

}  // namespace user_events::crypto
