// The records of both journals as lines that others can read, and checking such lines against a data directory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "journal/chain_walk.h"
#include "user_events/error.h"

namespace user_events::audit {

enum class ExportFormat : std::uint8_t { ndjson, csv };

/// Which records: accepted at or after `since_ms`, before `until_ms`, with at most these numbers.
struct ExportRange {
  std::optional<std::int64_t> since_ms = {}, until_ms = {};
  std::uint64_t last_act = ~0ull, last_event = ~0ull;
};

using WriteLine = std::function<Result<void>(std::string_view line)>;  ///< With its line break.

/// Writes a line for each record, acts first, and a last one that says what the others are: docs/security/audit.md. No content of an event, no personal data. The data
/// directory's daemon must be down. Errors: not_found, unavailable (a daemon has it open), damaged (the chain is: verify it), io, those of `write`. Cost: a full read.
[[nodiscard]] Result<std::uint64_t> export_records(ports::FileSystem& files, const std::string& data_dir, ExportFormat format, const ExportRange& range, const WriteLine& write);

/// Compares an export with what the data directory gives for the same range now, and returns the number of records. `next_line` gives the file's lines without their breaks, and nothing at its end. Error `damaged`, code
/// `export`: names the first line that is not what the directory holds, or what is missing. That the directory itself is as it was written is for `verify` to say.
[[nodiscard]] Result<std::uint64_t> check_export(ports::FileSystem& files, const std::string& data_dir, std::string_view last_line,
                                               const std::function<std::optional<std::string>()>& next_line);

}  // namespace user_events::audit
