// Two schemas, with a line `---` between them, compared as versions in each of the formats. Whatever is a schema is compatible with
// itself, and a verdict is the same at a second asking.
#include <array>

#include "compatibility/compatibility.h"
#include "fuzz.h"

namespace user_events::compatibility {
namespace {

using Compare = Result<std::vector<Finding>> (*)(const Document&, const Document&);

void check_with(Compare compare, const Document& older, const Document& newer) {
  const auto same = compare(older, older);
  if (!same) return fuzz::require(same.error().kind == ErrorKind::usage, "what is no schema is wrong usage");
  for (const auto& finding : *same) fuzz::require(finding.severity != Severity::error, "a schema reads its own data");
  const auto first = compare(newer, older), second = compare(newer, older);
  fuzz::require(first.has_value() == second.has_value(), "a verdict does not change");
  if (first) fuzz::require(first->size() == second->size() && first->size() <= kMaxFindingsPerPair, "findings do not change, and are bounded");
}

}  // namespace
}  // namespace user_events::compatibility

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  using namespace user_events::compatibility;
  std::string_view rest = fuzz::text_of(data, size);
  const std::string_view first = fuzz::take_part(rest);
  const Document older{"older", first}, newer{"newer", rest};
  for (const auto compare : {compare_json, compare_avro, compare_protobuf}) compatibility::check_with(compare, older, newer);
  return 0;
}
