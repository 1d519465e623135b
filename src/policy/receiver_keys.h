// The keys of one receiver: what its tokens are made with, and what fields are encrypted under for it.
// Formats, for those who write a reader: docs/security/privacy-policies.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/hmac_key.h"
#include "crypto/secret_key.h"
#include "policy/privacy_policy.h"
#include "privacy/key_ring.h"

namespace user_events::policy {

/// A receiver that is a client of the HTTP interface and no destination: `~` and its name, which no destination has.
[[nodiscard]] std::string client_receiver(std::string_view client);

inline constexpr std::size_t kTokenDigits = 32;
inline constexpr std::size_t kWrappedIdBytes = 24;

/// The key of one user's fields for one receiver.
struct FieldKey {
  crypto::SecretKey key;
  std::array<unsigned char, 16> nonce_key{};
  FieldKey() = default;
  FieldKey(const FieldKey&) = delete;
  FieldKey& operator=(const FieldKey&) = delete;
  ~FieldKey() { crypto::wipe(nonce_key); }
};

/// HKDF-SHA256 of the user's key. About 3 µs.
void derive_field_key(const privacy::LentKey& user, std::string_view receiver, std::uint32_t version, FieldKey& out);

/// What a `kid` says: `RECEIVER.VERSION.` and the id of the user's key, wrapped so that two receivers cannot tell that it is the same.
struct FieldKeyId {
  std::string receiver;
  std::uint32_t version = 0;
  std::string wrapped;
  /// Nothing if it is no text of this form.
  [[nodiscard]] static std::optional<FieldKeyId> parse(std::string_view kid);
};

/// The id of the user's key; nothing if the kid was not made with this key ring.
[[nodiscard]] std::optional<privacy::KeyId> user_key_of(const privacy::KeyRing& ring, const FieldKeyId& kid);

/// One thread at a time.
class ReceiverKeys {
 public:
  ReceiverKeys(const privacy::KeyRing& ring, const PrivacyPolicy& policy, std::string receiver);

  /// Appends `tok`, the version, `_` and kTokenDigits digits. About 0.4 µs.
  void append_token(std::string_view text, std::string& out);
  /// About 1 µs.
  void append_kid(const privacy::KeyId& id, std::string& out) const;

  [[nodiscard]] const std::string& receiver() const noexcept { return receiver_; }
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }

 private:
  const std::string receiver_;
  const std::uint32_t version_;
  crypto::HmacKey tokens_;
  crypto::SecretKey kids_;
  const std::string token_begin_, kid_begin_;
};

}  // namespace user_events::policy
