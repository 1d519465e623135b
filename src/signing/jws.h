// A detached JSON Web Signature (RFC 7515, appendix F) over the bytes of a body as they are (RFC 7797), with the attributes of the event in its protected
// header. The format: docs/security/signatures.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "encoding/encoder.h"
#include "signing/key.h"

namespace user_events::signing {

/// Of the protected header as JSON; with the signature some 8,000 bytes on the wire, what servers commonly take as one header.
inline constexpr std::size_t kMaxProtectedBytes = 5'888;
inline constexpr std::size_t kMaxJwsBytes = (kMaxProtectedBytes + 2) / 3 * 4 + 2 + (kMaxSignatureBytes + 2) / 3 * 4;

/// The beginning of the protected header, the same for all events of one destination and key: `{"alg":…,…,"destination":"crm"`.
[[nodiscard]] std::string protected_head(const Key& key, std::string_view destination);
/// What differs from event to event, to the end: `,"cty":…,"ce":{…}}`.
void append_protected_tail(const encoding::Encoded& encoded, const encoding::Position& position, std::string& out);

}  // namespace user_events::signing
