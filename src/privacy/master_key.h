// The key above all keys, which is never in a file of ours.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/secret_key.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::privacy {

/// Wraps the epoch keys. A key service is another implementation. Thread-safe.
class MasterKey {
 public:
  virtual ~MasterKey() = default;
  /// Tells which master key something was wrapped under; nothing can be learnt of the key from it.
  [[nodiscard]] virtual std::string id() const = 0;
  [[nodiscard]] virtual Result<std::string> wrap(const crypto::SecretKey& key) const = 0;
  /// Error `usage`, code `master-key`: it was wrapped under another, or was changed.
  [[nodiscard]] virtual Result<crypto::SecretKey> unwrap(std::string_view wrapped) const = 0;
};

/// Reads it. Errors `usage`, code `master-key`: none or several given, not there, not 32 bytes, readable for others. Never holds the text.
[[nodiscard]] Result<std::unique_ptr<MasterKey>> load_master_key(const KeySource& source);

/// A master key in memory: RFC 3394 key wrap.
[[nodiscard]] std::unique_ptr<MasterKey> local_master_key(crypto::SecretKey key);

}  // namespace user_events::privacy
