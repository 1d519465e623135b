// Whether both journals of a data directory are what was written: docs/security/audit.md says what that proves. Reads only, on files that no daemon has open.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/jwk.h"
#include "audit/checkpoint.h"
#include "journal/chain_walk.h"

namespace user_events::audit {

/// Findings that are kept; more are only counted.
inline constexpr std::size_t kMaxFindings = 100;

struct Request {
  std::string data_dir;
  const access::KeySet* keys = nullptr;  ///< nullptr: signatures are not checked.
  std::vector<std::string> anchors;      ///< Checkpoints that had left the host, a line each.
  std::function<void(std::uint64_t bytes)> on_progress = {};
};

struct Finding {
  std::string journal;  ///< `events`, `audit` or `anchor`.
  std::string kind;     ///< altered, removed, reordered, truncated, or checkpoint: one that is not what it should be.
  std::uint64_t segment = 0, offset = 0;                ///< Where; 0: nowhere in particular.
  std::uint64_t first_sequence = 0, last_sequence = 0;  ///< Records that it is about; 0: not known.
  std::int64_t before_ms = 0, after_ms = 0;             ///< Between records of these times; 0: not known.
  std::string what;
  std::optional<Claims> good_until;  ///< The last checkpoint before that is right: what it names was as written then.
};

struct Report {
  journal::ChainSummary events, audit;
  std::uint64_t signed_checkpoints = 0, unsigned_checkpoints = 0, anchors = 0;
  std::optional<Claims> last_checkpoint;  ///< The newest that is right.
  bool checked_signatures = false;
  std::vector<Finding> findings;
  std::uint64_t more_findings = 0;
};

/// Errors: not_found (no journal, no audit log there), unavailable (a daemon has it open), io. What is wrong with the journals is no error but a finding.
/// Cost: a full read.
[[nodiscard]] Result<Report> verify(ports::FileSystem& files, const Request& request);

}  // namespace user_events::audit
