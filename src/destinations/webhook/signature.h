// Signatures after Standard Webhooks:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace user_events::destinations::webhook {

/// The bytes of a symmetric secret. Without a way to print it.
class SigningSecret {
 public:
  /// `whsec_` and 24 to 64 bytes in base64; nothing if it is not that.
  [[nodiscard]] static std::optional<SigningSecret> parse(std::string_view text);
  /// `v1,` and the base64 of HMAC-SHA256 over `content`.
  [[nodiscard]] std::string sign(std::string_view content) const;

 private:
  explicit SigningSecret(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

/// The value of `webhook-signature`: one signature a secret, in their order, separated by spaces.
[[nodiscard]] std::string signatures(const std::vector<SigningSecret>& secrets, std::string_view id,
                                     std::int64_t timestamp_s, std::string_view body);

}  // namespace user_events::destinations::webhook
