// The second half of compiling: references find their targets.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "catalogue/program.h"
#include "catalogue/schema_error.h"

namespace user_events::catalogue {

/// A `$ref` as it was read.
struct PendingReference {
  NodeIndex node;
  std::string target;   ///< JSON Pointer in the file.
  std::string pointer;  ///< Where it stands.
};

/// Sets the references of all nodes, lets edges skip what is only a reference, and makes sure that checking
/// one value ends: references and alternatives that apply to one value never come back to themselves and are
/// at most kMaxInPlaceDepth deep. Linear in the program's size.
[[nodiscard]] Result<void> link_references(Program& program, const std::vector<PendingReference>& references,
                                           const std::unordered_map<std::string, NodeIndex>& at_pointer,
                                           const SchemaErrors& errors);

}  // namespace user_events::catalogue
