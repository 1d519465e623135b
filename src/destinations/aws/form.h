// Bodies of AWS's query protocol: application/x-www-form-urlencoded.
#pragma once

#include <string>
#include <string_view>

namespace user_events::destinations::aws {

/// Appends `name=value`, with `&` before it unless it is the first. `name` needs no encoding. Encoded as AWS's SDKs do it: everything but
/// unreserved characters, a space as `+`.
void append_form_field(std::string_view name, std::string_view value, std::string& out);

}  // namespace user_events::destinations::aws
