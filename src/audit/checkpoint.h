// Checkpoints: where both journals ended at a time, signed, so that who rewrites what was before is found out. Format: docs/security/audit.md.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/jwk.h"
#include "journal/journal.h"
#include "signing/key.h"
#include "user_events/error.h"

namespace user_events::audit {

/// One journal: its lasting id and where it ended.
struct ChainHead {
  std::string journal;
  journal::Head head;
};

struct Claims {
  std::int64_t at_ms = 0;
  ChainHead events, audit;
};

/// As JSON, one text for equal claims.
[[nodiscard]] std::string to_json(const Claims& claims);
/// Error `invalid`.
[[nodiscard]] Result<Claims> parse_claims(std::string_view json);

/// `"sequence":12,"hash":"…"`
void append_head(const journal::Head& head, std::string& out);
/// Read back; nothing if the object has no such members.
[[nodiscard]] std::optional<journal::Head> parse_head(const simdjson::dom::object& object);

/// A compact JWS (RFC 7515) over the claims.
[[nodiscard]] std::string sign(const Claims& claims, signing::Signer& signer);

/// A checkpoint as it was written or published.
struct Checkpoint {
  Claims claims;
  bool is_signed = false;
  std::string key;  ///< Name of the key that it says it is signed with.
};
/// A JWS, or claims without a signature. `keys` null: signatures are not checked. Error `invalid`: it is neither, or nobody of `keys` signed it.
[[nodiscard]] Result<Checkpoint> read_checkpoint(std::string_view text, const access::KeySet* keys);

}  // namespace user_events::audit
