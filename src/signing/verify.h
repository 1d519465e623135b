// Whether a received message is what was signed. Nothing of a message is believed before its signature is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/jwk.h"
#include "crypto/secret_key.h"
#include "user_events/error.h"

namespace user_events::signing {

using Attributes = std::vector<std::pair<std::string, std::string>>;  ///< Names without the protocol's prefix, values as text.

/// What may have signed. A key of one kind is never taken for the other.
struct VerifyingKeys {
  std::optional<access::KeySet> set;        ///< For EdDSA.
  std::optional<crypto::SecretKey> secret;  ///< For HS256.
};

/// What a good signature vouches for, beside the bytes of the body.
struct Verified {
  std::string algorithm, key;             ///< `EdDSA` or `HS256`; the key's name.
  std::string destination, content_type;  ///< Empty in the form dsse.
  Attributes attributes;
};

inline constexpr std::size_t kMaxReceivedJwsBytes = 16'384;

/// A header `jws-signature` with the body it came with. Error `invalid`, code `not-verified`: it is no detached JWS over bytes as they are; its
/// algorithm is none, another one or not that of the key; `crit` asks for what is not known here; nobody signed this.
[[nodiscard]] Result<Verified> verify_jws(std::string_view jws, std::string_view body, const VerifyingKeys& keys);

/// An event with `dssematerial` among its attributes. `data`: the bytes as they were received. The answer holds only attributes that were signed. Errors as above.
[[nodiscard]] Result<Verified> verify_dsse(const Attributes& event, std::string_view data, const VerifyingKeys& keys);

/// A CloudEvent in JSON taken apart: its attributes, and its data as it is written. Error `invalid`, code `not-verified`: it is none with data of JSON.
struct StructuredEvent {
  Attributes attributes;
  std::string data;
};
[[nodiscard]] Result<StructuredEvent> take_apart(std::string_view body);

/// Each of `given` must be among the attributes that were signed. Error as above, names the first that is not.
[[nodiscard]] Result<void> require_attributes(const Verified& verified, const Attributes& given);

}  // namespace user_events::signing
