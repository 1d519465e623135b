// The catalogue's schemas in the form that AsyncAPI documents hold: JSON Schema draft 7, inside another document.
#pragma once

#include <string>
#include <string_view>

namespace user_events::exports {

/// The schema without `$schema` and `$id`, with its references (`#/…`) leading to `place` (`#/components/schemas/user.rated.1`), and with what
/// stands beside a reference still counting: draft 7 passes it over. Everything else of the profile means the same in both. Compact JSON.
[[nodiscard]] std::string to_draft7(std::string_view schema_text, std::string_view place);

}  // namespace user_events::exports
