// What formation derives from the installation's secret: tokens that stand for identifiers, and MACs that
// tell a repeated request from another one with the same id.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "journal/record.h"

namespace user_events::formation {

/// Immutable, thread-safe. Aborts if OpenSSL cannot compute (out of memory, no default provider): nothing
/// sound is left to do then.
class Keys {
 public:
  /// Keys are HKDF-SHA256 (RFC 5869) of `secret` with one label each.
  explicit Keys(std::span<const std::byte, 32> secret);
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  /// Appends `tok_` and 32 hexadecimal digits: the first 16 bytes of HMAC-SHA256 over the identifier with
  /// `A`..`Z` in lower case (so that `Ada@Example.com` and `ada@example.com` are one). About 1 µs.
  void append_token(std::string_view identifier, std::string& out) const;

  /// SipHash-2-4 with 128 bits over the parts, each with its length in front. Not for outside the process and
  /// its journal: equal requests give equal values, and nobody without the secret can find two requests that
  /// do. No allocation after a thread's first call; about 100 ns and 1 ns a byte.
  [[nodiscard]] journal::RequestMac request_mac(std::string_view type, std::uint32_t version,
                                                std::string_view time, std::string_view data) const;

 private:
  std::array<unsigned char, 32> token_key_;
  std::array<unsigned char, 16> mac_key_;
};

}  // namespace user_events::formation
