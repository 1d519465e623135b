// Public keys that verify JSON Web Tokens: JSON Web Keys (RFC 7517, 7518, 8037), checked when they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"

struct evp_pkey_st;

namespace user_events::access {

/// The only algorithms there are here: all asymmetric, so that nobody can sign with what is published (RFC 8725, 2.1).
enum class Algorithm : std::uint8_t { rs256, es256, eddsa };
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view text) noexcept;

/// Thread-safe.
class VerifyingKey {
 public:
  VerifyingKey(std::string id, Algorithm algorithm, evp_pkey_st* key);  ///< Takes the key over.

  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }
  /// A JWS signature (RFC 7518, 3.3 and 3.4; RFC 8037, 3.1) over `content`. About 20 µs (RSA) to 100 µs.
  [[nodiscard]] bool verifies(std::string_view content, std::string_view signature) const;

 private:
  std::string id_;
  Algorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;
};

inline constexpr std::size_t kMaxKeySetBytes = 256 << 10;
inline constexpr std::size_t kMaxKeys = 64;

/// Immutable, thread-safe.
class KeySet {
 public:
  /// A JWK set. Keys of other kinds, for encryption, or too small to be trusted (RSA below 2,048 bits) are left out. Error `invalid`: it is no
  /// key set, has too many keys, two of one id, or none that can be used.
  [[nodiscard]] static Result<KeySet> parse(std::string_view json);

  /// The key that a token's header means; without an id only if there is just one for the algorithm.
  [[nodiscard]] const VerifyingKey* find(Algorithm algorithm, const std::optional<std::string_view>& id) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

 private:
  std::vector<VerifyingKey> keys_;
};

}  // namespace user_events::access
