// audit export: the records of both journals as lines.
#include "audit/export.h"

#include "base/try.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/time_switch.h"
#include "ports/file_system.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kPieceBytes = 64u << 10;

Result<std::optional<std::int64_t>> time_of(const std::string& text, std::string_view name) {
  if (text.empty()) return std::nullopt;
  UE_TRY_ASSIGN(const auto time, parse_time_switch(text, name));
  return time.time_since_epoch().count();
}

}  // namespace

Result<void> audit_export(const AuditArguments& arguments) {
  UE_TRY_ASSIGN(const std::string data_dir, data_dir_of(arguments.data_dir));
  audit::ExportRange range;
  UE_TRY_ASSIGN(range.since_ms, time_of(arguments.since, "--since"));
  UE_TRY_ASSIGN(range.until_ms, time_of(arguments.until, "--until"));
  std::string piece;
  const auto write = [&](std::string_view line) -> Result<void> {
    piece += line;
    if (piece.size() < kPieceBytes) return {};
    UE_TRY(write_result(piece));
    piece.clear();
    return {};
  };
  const auto format = arguments.format == "csv" ? audit::ExportFormat::csv : audit::ExportFormat::ndjson;
  auto written = audit::export_records(ports::posix_file_system(), data_dir, format, range, write);
  if (!written) return std::unexpected(directory_error(std::move(written).error(), "export"));
  return write_result(piece);
}

}  // namespace user_events::cli
