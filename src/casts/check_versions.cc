#include "casts/check_versions.h"

#include <simdjson.h>

#include <algorithm>
#include <iterator>

#include "base/try.h"
#include "casts/ways.h"

namespace user_events::casts {

using catalogue::SchemaAccess;
using compatibility::Breaks;
using compatibility::Document;
using compatibility::Finding;
using compatibility::Mode;
using compatibility::Severity;
using simdjson::dom::element;

namespace {

bool declares_a_cast(const Document& document) {
  simdjson::dom::parser parser;
  simdjson::dom::object cast;
  element root;
  return parser.parse(document.text.data(), document.text.size()).get(root) == simdjson::SUCCESS && root.is_object() &&
         root["x-cast"].get(cast) == simdjson::SUCCESS;
}

/// What is shown of one step.
struct Bridge {
  bool up = false, down = false;
};

Result<Bridge> bridge(const Document& older, const Document& newer, std::uint32_t number) {
  UE_TRY_ASSIGN(const auto older_schema, catalogue::Schema::compile(older.name, older.text));
  UE_TRY_ASSIGN(const auto newer_schema, catalogue::Schema::compile(newer.name, newer.text));
  UE_TRY_ASSIGN(const Ways ways, work_out({older.name, older.text, SchemaAccess::program(older_schema), number},
                                          {newer.name, newer.text, SchemaAccess::program(newer_schema), number + 1}));
  return Bridge{ways.up.proof.is_shown, ways.down.proof.is_shown};
}

/// What the casts make up for is no error.
void meet(const Bridge& bridge, Finding& finding) {
  const bool is_met = (finding.breaks == Breaks::new_readers && bridge.up) || (finding.breaks == Breaks::old_readers && bridge.down);
  if (!is_met || finding.severity != Severity::error) return;
  finding.severity = Severity::warning;
  finding.breaks = Breaks::nobody;
  finding.detail += "; the declared cast makes up for it";
}

}  // namespace

Result<std::vector<Finding>> check_versions(Mode mode, std::span<const Document> versions) {
  const std::size_t first = mode.transitive || versions.size() < 2 ? 0 : versions.size() - 2;
  if (versions.size() < 2 || std::ranges::none_of(versions.subspan(first + 1), declares_a_cast))
    return compatibility::check(compatibility::Format::json, mode, versions);
  std::vector<Finding> findings;
  Bridge whole{true, true};  // from the version that is looked at to the newest
  bool is_declared = false;  // by a step of it at least
  for (std::size_t i = versions.size() - 1; i-- > first;) {
    UE_TRY_ASSIGN(const Bridge step, bridge(versions[i], versions[i + 1], static_cast<std::uint32_t>(i + 1)));
    whole = {whole.up && step.up, whole.down && step.down};
    is_declared = is_declared || declares_a_cast(versions[i + 1]);
    UE_TRY_ASSIGN(auto found, compatibility::check_pair(compatibility::Format::json, mode, versions[i], versions.back()));
    for (Finding& finding : found) {
      if (is_declared) meet(whole, finding);
      findings.push_back(std::move(finding));
    }
  }
  UE_TRY_ASSIGN(auto annotations, compatibility::check_annotations(mode, versions));
  std::ranges::move(annotations, std::back_inserter(findings));
  return findings;
}

}  // namespace user_events::casts
