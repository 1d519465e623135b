// JSON Web Tokens (RFC 7519), verified as RFC 8725 asks: the algorithm is ours to choose, the keys are the issuer's, and nothing that the
// token itself says about keys is followed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/jwk.h"

namespace user_events::access {

/// A token taken apart, with nothing of it believed.
class UnverifiedToken {
 public:
  UnverifiedToken();
  UnverifiedToken(UnverifiedToken&&) noexcept;
  ~UnverifiedToken();

  /// Error unauthenticated, `invalid-token`: three parts of base64url, a header and a payload that are JSON objects without a name twice, a
  /// header without `crit` and without keys or addresses of keys.
  [[nodiscard]] static Result<UnverifiedToken> parse(std::string_view token);

  [[nodiscard]] std::string_view algorithm() const noexcept;
  [[nodiscard]] std::optional<std::string_view> key_id() const noexcept;
  [[nodiscard]] std::string_view issuer() const noexcept;
  [[nodiscard]] bool is_signed_by(const VerifyingKey& key) const;

  /// `name` is that text, or a list that holds it.
  [[nodiscard]] bool claims(std::string_view name, std::string_view text) const;
  /// `scope` (RFC 8693, 4.2) holds that word.
  [[nodiscard]] bool has_scope(std::string_view word) const;
  /// Seconds since 1970; nothing if it is absent. Not a number: refused by `parse`.
  [[nodiscard]] std::optional<double> time(std::string_view name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether the token looks like a JWT at all: three parts, of which the first begins like a JSON object.
[[nodiscard]] bool looks_like_jwt(std::string_view token) noexcept;

struct TokenRules {
  std::string issuer, audience;
  std::vector<Algorithm> algorithms;
  std::int64_t leeway_ms = 30'000;
};

/// Error unauthenticated, `invalid-token`. What a signature vouches for (its times, its audience) is told; before that nothing is.
[[nodiscard]] Result<void> verify(const UnverifiedToken& token, const TokenRules& rules, const KeySet& keys, std::int64_t now_ms);

}  // namespace user_events::access
