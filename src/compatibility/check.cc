#include <algorithm>
#include <cctype>

#include "base/try.h"
#include "compatibility/compare_protobuf.h"
#include "compatibility/compatibility.h"
#include "compatibility/json_annotations.h"

namespace user_events::compatibility {
namespace {

Result<std::vector<Finding>> compare(Format format, const Document& reader, const Document& writer) {
  switch (format) {
    case Format::json:
      return compare_json(reader, writer);
    case Format::avro:
      return compare_avro(reader, writer);
    case Format::protobuf:
      break;
  }
  return compare_protobuf(reader, writer);
}

/// Appends what is not said already.
void add(std::vector<Finding> found, std::vector<Finding>& findings) {
  for (Finding& finding : found) {
    const bool is_known = std::ranges::any_of(findings, [&](const Finding& each) {
      return each.code == finding.code && each.pointer == finding.pointer && each.file == finding.file &&
             each.breaks == finding.breaks;
    });
    if (!is_known) findings.push_back(std::move(finding));
  }
}

/// The same, of errors that break somebody.
void add(std::vector<Finding> found, Breaks breaks, std::vector<Finding>& findings) {
  for (Finding& finding : found) finding.breaks = finding.severity == Severity::error ? breaks : Breaks::nobody;
  add(std::move(found), findings);
}

Breaks first_broken(Mode mode) { return mode.backward ? Breaks::new_readers : Breaks::old_readers; }

}  // namespace

std::optional<Mode> parse_mode(std::string_view word) {
  std::string normal(word);
  for (char& c : normal) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::string_view kTransitive = "-transitive";
  Mode mode{false, false, normal.ends_with(kTransitive)};
  if (mode.transitive) normal.resize(normal.size() - kTransitive.size());
  mode.backward = normal == "backward" || normal == "full";
  mode.forward = normal == "forward" || normal == "full";
  if (!mode.backward && !mode.forward) return std::nullopt;
  return mode;
}

std::optional<Format> parse_format(std::string_view word) {
  if (word == "json") return Format::json;
  if (word == "avro") return Format::avro;
  if (word == "protobuf") return Format::protobuf;
  return std::nullopt;
}

std::optional<Format> format_of_file(std::string_view file) {
  if (file.ends_with(".json")) return Format::json;
  if (file.ends_with(".avsc")) return Format::avro;
  if (file.ends_with(".proto")) return Format::protobuf;
  return std::nullopt;
}

Result<std::vector<Finding>> check_pair(Format format, Mode mode, const Document& older, const Document& newest) {
  std::vector<Finding> findings;
  if (mode.backward) {
    UE_TRY_ASSIGN(auto found, compare(format, newest, older));
    add(std::move(found), Breaks::new_readers, findings);
  }
  if (mode.forward) {
    UE_TRY_ASSIGN(auto found, compare(format, older, newest));
    add(std::move(found), Breaks::old_readers, findings);
  }
  if (format == Format::protobuf) {
    UE_TRY_ASSIGN(auto found, check_reserved(older, newest));
    add(std::move(found), first_broken(mode), findings);
  }
  return findings;
}

Result<std::vector<Finding>> check_annotations(Mode mode, std::span<const Document> versions) {
  std::vector<Finding> found, findings;
  UE_TRY(compare_annotations(versions.last(mode.transitive ? versions.size() : std::min<std::size_t>(versions.size(), 2)), found));
  add(std::move(found), first_broken(mode), findings);
  return findings;
}

Result<std::vector<Finding>> check(Format format, Mode mode, std::span<const Document> versions) {
  if (versions.size() < 2 || versions.size() > kMaxVersions)
    return fail(ErrorKind::usage, "schema-versions",
                "two to " + std::to_string(kMaxVersions) +
                    " versions of a schema are compared at a time, not " + std::to_string(versions.size()));
  std::vector<Finding> findings;
  const std::size_t first = mode.transitive ? 0 : versions.size() - 2;
  for (std::size_t i = versions.size() - 1; i-- > first;) {
    UE_TRY_ASSIGN(auto found, check_pair(format, mode, versions[i], versions.back()));
    add(std::move(found), findings);
  }
  if (format != Format::json) return findings;
  UE_TRY_ASSIGN(auto annotations, check_annotations(mode, versions));
  add(std::move(annotations), findings);
  return findings;
}

}  // namespace user_events::compatibility
