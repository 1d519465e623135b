#include "destinations/webhook/signature.h"

#include <fmt/format.h>

#include "crypto/derive.h"
#include "crypto/digest.h"

namespace user_events::destinations::webhook {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kLeastSecretBytes = 24, kMostSecretBytes = 64;

}  // namespace

std::optional<SigningSecret> SigningSecret::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  if (text.size() > 4 * (kMostSecretBytes + 2) / 3 + 4) return std::nullopt;
  auto key = crypto::parse_base64(text);
  if (!key || key->size() < kLeastSecretBytes || key->size() > kMostSecretBytes) return std::nullopt;
  return SigningSecret(*std::move(key));
}

std::string SigningSecret::sign(std::string_view content) const {
  const crypto::Mac256 mac = crypto::hmac_sha256({reinterpret_cast<const unsigned char*>(key_.data()), key_.size()}, content);
  return "v1," + crypto::base64({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::string signatures(const std::vector<SigningSecret>& secrets, std::string_view id,
                       std::int64_t timestamp_s, std::string_view body) {
  const std::string content = fmt::format("{}.{}.{}", id, timestamp_s, body);
  std::string out;
  for (const SigningSecret& secret : secrets) {
    if (!out.empty()) out += ' ';
    out += secret.sign(content);
  }
  return out;
}

}  // namespace user_events::destinations::webhook
