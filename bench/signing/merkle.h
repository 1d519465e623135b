// A prototype that is measured and not built: one signature over the root of a tree of hashes, and for each event a proof that it is in it. Why not:
// docs/decisions/0009-each-event-is-signed-by-itself.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "signing/key.h"

namespace user_events::bench {

/// RFC 9162, 2.1: leaves and nodes are told apart by their first byte. The number of leaves is a power of two here.
class MerkleBatch {
 public:
  void add(std::string_view protected_header, std::string_view body);
  /// What goes with each event: the root's signature, its place and the hashes beside its way to the root, all in base64url.
  [[nodiscard]] const std::vector<std::string>& sign(signing::Signer& signer);
  void clear() { levels_.assign(1, {}); }

 private:
  std::vector<std::vector<crypto::Digest256>> levels_{1};
  std::vector<std::string> headers_;
  std::string text_;
};

/// Whether `header` proves that this event is in a batch that `signer` has signed.
[[nodiscard]] bool is_signed(std::string_view header, std::string_view protected_header, std::string_view body, signing::Signer& signer);

}  // namespace user_events::bench
