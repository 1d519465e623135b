// The payload of a record under its user's key. Layout: docs/payload-format.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/aead.h"
#include "encoding/envelope.h"
#include "privacy/key_ring.h"
#include "user_events/error.h"

namespace user_events::privacy {

inline constexpr std::size_t kSealedHeadBytes = 1 + 16 + crypto::kNonceBytes;  ///< Before the ciphertext: layout, key id, nonce.
inline constexpr std::size_t kSealedTailBytes = crypto::kTagBytes;             ///< Behind it.

/// What a record says in the clear; the seal covers it.
struct RecordNames {
  std::string_view id, type, lane;
};

/// The error of a record whose user was forgotten.
[[nodiscard]] inline bool is_erased(const Error& error) noexcept { return error.kind == ErrorKind::not_found && error.code == "erased"; }

[[nodiscard]] bool is_sealed(std::string_view payload) noexcept;
/// nullopt if it is not sealed, or cut off.
[[nodiscard]] std::optional<KeyId> key_id_of(std::string_view payload) noexcept;

/// Seals in place. `payload` is kSealedHeadBytes of anything, a payload in clear form, and kSealedTailBytes of anything.
/// Errors: those of `KeyRing::key_for`; then nothing is changed. Cost: one AES-256-GCM operation and the look-up.
[[nodiscard]] Result<void> seal_record(KeyRing& ring, const RecordNames& names, std::span<char> payload);

/// Reads records whose payloads are clear or sealed. `ring` nullptr: sealed ones are error `usage`, code `sealed`.
/// Thread-safe.
class RecordOpener {
 public:
  RecordOpener() noexcept = default;
  explicit RecordOpener(KeyRing* ring) noexcept : ring_(ring) {}
  /// The envelope; its views point into the arguments or into `scratch`, which holds what was sealed. Errors: damaged; not_found with code `erased`
  /// (the user was forgotten); those of the key store. Cost: for a sealed one, a copy and one AES-256-GCM operation.
  [[nodiscard]] Result<encoding::Envelope> open(const RecordNames& names, std::string_view payload, std::string& scratch) const;

 private:
  KeyRing* ring_ = nullptr;
};

}  // namespace user_events::privacy
