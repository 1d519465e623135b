// The epoch key: what users' keys are wrapped under. It lies in a file of its own, wrapped under the master key, and is replaced and
// destroyed on a schedule, so that a backup of the key store is useless once its epoch has ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/secret_key.h"
#include "privacy/master_key.h"
#include "user_events/error.h"

namespace user_events::privacy {

struct Epoch {
  std::uint32_t number = 1;
  std::int64_t created_ms = 0;
  crypto::SecretKey key;
};

/// The file: a line `user-events epochs 1`, a line `master ID`, and a line `epoch NUMBER CREATED_MS HEX` for each epoch in use, oldest first: one,
/// or two while keys are on their way from one to the next. Mode 0600.
class EpochFile {
 public:
  explicit EpochFile(std::string path) : path_(std::move(path)) {}
  /// Empty if there is no file. Errors: usage (wrapped under another master key: names both ids), damaged, io.
  [[nodiscard]] Result<std::vector<Epoch>> read(const MasterKey& master) const;
  /// Replaces it durably: afterwards the old content is no file any more. Errors: io, full, and those of the master key.
  [[nodiscard]] Result<void> write(const MasterKey& master, const std::vector<Epoch>& epochs) const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace user_events::privacy
