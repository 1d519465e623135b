// Legal holds: why nothing may be removed.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/file_system.h"
#include "user_events/audit.h"
#include "user_events/error.h"

namespace user_events::publisher {

inline constexpr std::size_t kMaxHolds = 100, kMaxHoldNameBytes = 100;

/// Thread-safe. A file that is replaced whole.
class Holds {
 public:
  /// Reads the file; none if it is not there. Errors: io, damaged: then the daemon does not start, since what was held might be removed.
  [[nodiscard]] static Result<std::unique_ptr<Holds>> open(ports::FileSystem& files, std::string path);

  /// Durable when it returns. Errors: conflict, too_large (more than kMaxHolds), io, full.
  [[nodiscard]] Result<void> add(LegalHold hold);
  /// Error not_found.
  [[nodiscard]] Result<void> remove(const std::string& name);
  [[nodiscard]] std::vector<LegalHold> all() const;
  [[nodiscard]] bool any() const { return !all().empty(); }

 private:
  Holds(ports::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  [[nodiscard]] Result<void> replace(std::vector<LegalHold> with);

  ports::FileSystem& files_;
  const std::string path_;
  mutable std::mutex mutex_;
  std::vector<LegalHold> holds_;
};

}  // namespace user_events::publisher
