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

/// What is no key of ours, such as a key's id, in the same way: `out` is 8 bytes longer than `text`, which has 16, 24, 32, … bytes.
void wrap_bytes(const SecretKey& wrapping, std::span<const unsigned char> text, std::span<char> out);
/// False, with `out` in any state, if it was not wrapped under `wrapping`, or was changed. `out` is 8 bytes shorter than `wrapped`.
[[nodiscard]] bool unwrap_bytes(const SecretKey& wrapping, std::string_view wrapped, std::span<unsigned char> out);

}  // namespace user_events::crypto
