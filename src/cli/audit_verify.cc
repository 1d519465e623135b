// audit verify: whether the journals of a data directory are what was written.
#include <fmt/format.h>

#include <fstream>

#include "audit/export.h"
#include "audit/verify.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/try.h"
#include "base/whole_file.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "ports/file_system.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kMaxAnchorBytes = 64u << 20;
constexpr std::uint64_t kProgressBytes = 64ull << 20;

Result<std::vector<std::string>> read_anchors(const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const auto& path : files) {
    const std::size_t before = out.size();
    UE_TRY_ASSIGN(const std::string text, base::read_whole(ports::posix_file_system(), path, kMaxAnchorBytes));
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      if (end > at) out.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    if (out.size() == before) return fail(ErrorKind::usage, "no-anchor", fmt::format("--anchor: {} holds no checkpoint", path));
  }
  return out;
}

/// Its last line says what it holds.
Result<std::string> last_line_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line, last;
  while (std::getline(file, line))
    if (!line.empty()) last.swap(line);
  if (!file.eof()) return fail(ErrorKind::not_found, "export", fmt::format("--export: {} cannot be read", path));
  return last;
}

Result<std::uint64_t> check_exported(const std::string& path, const std::string& data_dir) {
  UE_TRY_ASSIGN(const std::string last, last_line_of(path));
  std::ifstream file(path, std::ios::binary);
  const auto next = [&file]() -> std::optional<std::string> {
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    if (line.ends_with('\r')) line.pop_back();
    return line;
  };
  return audit::check_export(ports::posix_file_system(), data_dir, last, next);
}

void append_claims(const std::optional<audit::Claims>& claims, std::string& out) {
  if (!claims) {
    out += "null";
    return;
  }
  base::ObjectWriter object(out);
  object.text("at", base::time_text(claims->at_ms));
  object.number("events", claims->events.head.sequence);
  object.number("audit", claims->audit.head.sequence);
  object.end();
}

void append_chain(const journal::ChainSummary& chain, std::string& out) {
  base::ObjectWriter object(out);
  object.text("journal", chain.journal);
  object.number("segments", chain.segments);
  object.number("records", chain.records);
  object.number("first", chain.before.sequence + 1);
  object.number("last", chain.end.sequence);
  object.number("tornBytes", chain.torn_bytes);
  object.end();
}

void append_finding(const audit::Finding& finding, std::string& out) {
  base::ObjectWriter object(out);
  object.text("journal", finding.journal);
  object.text("kind", finding.kind);
  if (finding.segment != 0) object.number("segment", finding.segment), object.number("offset", finding.offset);
  if (finding.first_sequence != 0) object.number("first", finding.first_sequence);
  if (finding.last_sequence != 0) object.number("last", finding.last_sequence);
  if (finding.before_ms != 0) object.text("after", base::time_text(finding.before_ms));
  if (finding.after_ms != 0) object.text("before", base::time_text(finding.after_ms));
  object.text("what", finding.what);
  append_claims(finding.good_until, object.key("goodUntil"));
  object.end();
}

std::string report_json(const audit::Report& report) {
  std::string out;
  base::ObjectWriter object(out);
  object.boolean("ok", report.findings.empty());
  append_chain(report.events, object.key("events"));
  append_chain(report.audit, object.key("audit"));
  object.number("signedCheckpoints", report.signed_checkpoints);
  object.number("unsignedCheckpoints", report.unsigned_checkpoints);
  object.number("anchors", report.anchors);
  object.boolean("signaturesChecked", report.checked_signatures);
  append_claims(report.last_checkpoint, object.key("lastCheckpoint"));
  base::append_array(report.findings, object.key("findings"), [&](const auto& finding) { append_finding(finding, out); });
  object.number("moreFindings", report.more_findings);
  object.end();
  return out + "\n";
}

std::string chain_text(std::string_view name, const journal::ChainSummary& chain) {
  std::string out = fmt::format("{:<8}{} in {}: {} to {}", name, counted(chain.records, "record"), counted(chain.segments, "segment"), grouped(chain.before.sequence + 1),
                                grouped(chain.end.sequence));
  if (chain.torn_bytes != 0) out += fmt::format("; {} bytes behind the end are half written (the next start cuts them off)", grouped(chain.torn_bytes));
  return out + "\n";
}

std::string finding_text(const audit::Finding& finding) {
  std::string out = fmt::format("{}: {}", finding.journal, finding.kind);
  if (finding.segment != 0) out += fmt::format(": segment {} offset {}", finding.segment, finding.offset);
  if (finding.first_sequence != 0 && finding.last_sequence != 0)
    out += fmt::format(": records {} to {}", finding.first_sequence, finding.last_sequence);
  else if (finding.first_sequence != 0)
    out += fmt::format(": records from {} on", finding.first_sequence);
  else if (finding.last_sequence != 0)
    out += fmt::format(": records up to {}", finding.last_sequence);
  if (finding.before_ms != 0 && finding.after_ms != 0)
    out += fmt::format(", between {} and {}", base::time_text(finding.before_ms), base::time_text(finding.after_ms));
  else if (finding.before_ms != 0)
    out += fmt::format(", after {}", base::time_text(finding.before_ms));
  else if (finding.after_ms != 0)
    out += fmt::format(", before {}", base::time_text(finding.after_ms));
  return printable(out) + "\n  " + printable(finding.what) +
         (finding.good_until ? fmt::format("\n  since the checkpoint of {} (events {}, audit {})\n", base::time_text(finding.good_until->at_ms), finding.good_until->events.head.sequence,
                                           finding.good_until->audit.head.sequence)
                             : std::string("\n  no checkpoint before it is known\n"));
}

std::string report_text(const audit::Report& report) {
  std::string out = chain_text("events", report.events) + chain_text("audit", report.audit);
  out += fmt::format("checkpoints: {} signed, {} without a signature, {} from anchors", grouped(report.signed_checkpoints), grouped(report.unsigned_checkpoints), grouped(report.anchors));
  if (!report.checked_signatures) out += " (signatures not checked: name the public keys with --keys)";
  out += '\n';
  if (report.last_checkpoint)
    out += fmt::format("last checkpoint: {}, events {}, audit {}\n", base::time_text(report.last_checkpoint->at_ms), report.last_checkpoint->events.head.sequence,
                       report.last_checkpoint->audit.head.sequence);
  for (const auto& finding : report.findings) out += finding_text(finding);
  if (report.more_findings != 0) out += fmt::format("and {} more\n", report.more_findings);
  if (report.findings.empty()) out += "everything is as it was written\n";
  return out;
}

void show_progress(std::uint64_t bytes) {
  static std::uint64_t shown = 0;
  if (bytes < shown) shown = 0;
  if (bytes - shown < kProgressBytes) return;
  shown = bytes;
  progress(fmt::format("{} MiB read", grouped(bytes >> 20)));
}

}  // namespace

Result<void> audit_verify(const AuditArguments& arguments) {
  audit::Request request;
  UE_TRY_ASSIGN(request.data_dir, data_dir_of(arguments.data_dir));
  std::optional<access::KeySet> keys;
  if (!arguments.keys.empty()) {
    UE_TRY_ASSIGN(const std::string text, base::read_whole(ports::posix_file_system(), arguments.keys, access::kMaxKeySetBytes));
    UE_TRY_ASSIGN(keys, access::KeySet::parse(text));
    request.keys = &*keys;
  }
  UE_TRY_ASSIGN(request.anchors, read_anchors(arguments.anchors));
  if (has_progress()) request.on_progress = show_progress;
  auto report = audit::verify(ports::posix_file_system(), request);
  if (!report) return std::unexpected(directory_error(std::move(report).error(), "verify"));
  UE_TRY(write_result(arguments.json ? report_json(*report) : report_text(*report)));
  if (!arguments.exported.empty()) {
    UE_TRY_ASSIGN(const std::uint64_t exported, check_exported(arguments.exported, request.data_dir));
    message(fmt::format("{}: {} are what the data directory holds", printable(arguments.exported), counted(exported, "record")));
  }
  if (report->findings.empty()) return {};
  const auto all = report->findings.size() + report->more_findings;
  return fail(ErrorKind::damaged, "audit", fmt::format("{}: not everything is as it was written", counted(all, "finding")),
              "keep the directory as it is, and compare with a copy from before");
}

}  // namespace user_events::cli
