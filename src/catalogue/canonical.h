// One text per JSON value: equal values after JSON Schema (1 and 1.0 are equal, member order does not matter)
// have equal texts.
#pragma once

#include <string>

namespace simdjson::dom {
class element;
}

namespace user_events::catalogue {

/// Appends the canonical text of `value`. O(n log n) of its size. Recursion is bounded by the parser's depth.
void append_canonical(const simdjson::dom::element& value, std::string& out);

}  // namespace user_events::catalogue
