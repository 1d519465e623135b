#include "casts/ways.h"

#include <simdjson.h>

#include <algorithm>

#include "base/try.h"
#include "casts/image.h"

namespace user_events::casts {
namespace {

using compatibility::Finding;
using compatibility::Severity;
using simdjson::dom::element;

Proof prove(const Plan& plan, const Side& source, const Side& target, const element& source_schema) {
  if (!plan.obstacle.empty()) return {false, plan.obstacle_pointer, plan.obstacle};
  const std::string image = plan.root == kNoPlan ? std::string() : image_of(plan, source.program, source_schema);
  const auto findings = compatibility::compare_json({target.file, target.text},
                                                    {source.file, image.empty() ? source.text : std::string_view(image)});
  if (!findings) return {false, "", findings.error().message};
  const auto found = std::ranges::find(*findings, Severity::error, &Finding::severity);
  if (found == findings->end()) return {true, "", ""};
  return {false, found->file == target.file ? found->pointer : std::string(), found->detail};
}

}  // namespace

Result<Ways> work_out(const Side& older, const Side& newer) {
  simdjson::dom::parser older_parser, newer_parser;
  // Both have been compiled before.
  const element older_schema = older_parser.parse(older.text.data(), older.text.size()).value_unsafe();
  const element newer_schema = newer_parser.parse(newer.text.data(), newer.text.size()).value_unsafe();
  UE_TRY_ASSIGN(const Declaration declared, read_declaration(newer.file, newer_schema));
  Ways ways;
  ways.is_none = declared.is_none;
  if (ways.is_none) return ways;
  const Neighbours neighbours{newer.file, older.program, newer.program, older.version, newer.version, declared};
  UE_TRY_ASSIGN(ways.up.plan, make_plan(neighbours, Direction::up));
  UE_TRY_ASSIGN(ways.down.plan, make_plan(neighbours, Direction::down));
  ways.up.proof = prove(ways.up.plan, older, newer, older_schema);
  ways.down.proof = prove(ways.down.plan, newer, older, newer_schema);
  return ways;
}

}  // namespace user_events::casts
