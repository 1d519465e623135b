#include <algorithm>
#include <cctype>
#include <set>
#include <tuple>
#include <utility>

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

/// What is said once, however many versions it is true of.
class Findings {
 public:
  void add(std::vector<Finding> found) {
    for (Finding& finding : found)
      if (said_.emplace(finding.code, finding.pointer, finding.file, finding.breaks).second)
        all_.push_back(std::move(finding));
  }
  /// Of errors that break somebody.
  void add(std::vector<Finding> found, Breaks breaks) {
    for (Finding& finding : found)
      finding.breaks = finding.severity == Severity::error ? breaks : Breaks::nobody;
    add(std::move(found));
  }
  [[nodiscard]] std::vector<Finding> take() { return std::move(all_); }

 private:
  std::vector<Finding> all_;
  std::set<std::tuple<std::string, std::string, std::string, Breaks>> said_;  // code, pointer, file
};

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
  Findings findings;
  if (mode.backward) {
    UE_TRY_ASSIGN(auto found, compare(format, newest, older));
    findings.add(std::move(found), Breaks::new_readers);
  }
  if (mode.forward) {
    UE_TRY_ASSIGN(auto found, compare(format, older, newest));
    findings.add(std::move(found), Breaks::old_readers);
  }
  if (format == Format::protobuf) {
    UE_TRY_ASSIGN(auto found, check_reserved(older, newest));
    findings.add(std::move(found), first_broken(mode));
  }
  return findings.take();
}

Result<std::vector<Finding>> check_annotations(Mode mode, std::span<const Document> versions) {
  std::vector<Finding> found;
  Findings findings;
  UE_TRY(compare_annotations(versions.last(mode.transitive ? versions.size() : std::min<std::size_t>(versions.size(), 2)), found));
  findings.add(std::move(found), first_broken(mode));
  return findings.take();
}

Result<std::vector<Finding>> check(Format format, Mode mode, std::span<const Document> versions) {
  if (versions.size() < 2 || versions.size() > kMaxVersions)
    return fail(ErrorKind::usage, "schema-versions",
                "two to " + std::to_string(kMaxVersions) +
                    " versions of a schema are compared at a time, not " + std::to_string(versions.size()));
  Findings findings;
  const std::size_t first = mode.transitive ? 0 : versions.size() - 2;
  for (std::size_t i = versions.size() - 1; i-- > first;) {
    UE_TRY_ASSIGN(auto found, check_pair(format, mode, versions[i], versions.back()));
    findings.add(std::move(found));
  }
  if (format != Format::json) return findings.take();
  UE_TRY_ASSIGN(auto annotations, check_annotations(mode, versions));
  findings.add(std::move(annotations));
  return findings.take();
}

}  // namespace user_events::compatibility
