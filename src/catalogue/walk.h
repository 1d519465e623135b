// One walk over a value, along a compiled schema.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/program.h"

namespace user_events::catalogue {

/// Pure JSON Schema validation. `findings` gets at most kMaxFindings.
[[nodiscard]] bool validate_value(const Program& program, const simdjson::dom::element& value,
                                  std::vector<FieldError>& findings);

/// Validates and appends the standard form; see Schema::normalise.
[[nodiscard]] bool normalise_value(const Program& program, const simdjson::dom::element& value,
                                   const NormaliseContext& context, std::string_view pointer_prefix,
                                   std::string& out, std::vector<FieldError>& findings,
                                   std::string* as_submitted);

/// The same for a value of which no schema says anything: duplicate keys and forbidden names at any depth are
/// refused.
[[nodiscard]] bool normalise_open(const simdjson::dom::element& value, std::string_view pointer_prefix,
                                  std::string& out, std::vector<FieldError>& findings);

}  // namespace user_events::catalogue
