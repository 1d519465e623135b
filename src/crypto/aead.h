// AES-256-GCM, NIST SP 800-38D: encryption that notices any change.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "crypto/secret_key.h"

namespace user_events::crypto {

inline constexpr std::size_t kNonceBytes = 12, kTagBytes = 16;
using Nonce = std::span<const unsigned char, kNonceBytes>;

/// Encrypts `text` in place and writes the tag. A nonce must never come twice under one key; random ones are good for 2^32 messages a
/// key. `associated` is covered by the tag, not encrypted. Thread-safe; about 0.3 µs and 0.3 ns a byte with AES instructions; no
/// allocation after a thread's first call.
void seal(std::span<const unsigned char, kKeyBytes> key, Nonce nonce, std::string_view associated, std::span<char> text,
          std::span<char, kTagBytes> tag);

/// Decrypts in place. False, with `text` wiped, if key, nonce, associated data, text or tag are not those of `seal`.
[[nodiscard]] bool open(std::span<const unsigned char, kKeyBytes> key, Nonce nonce, std::string_view associated, std::span<char> text,
                        std::span<const char, kTagBytes> tag);

}  // namespace user_events::crypto
