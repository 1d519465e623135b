// `$ref` within one file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace user_events::catalogue {

/// The JSON Pointer in a reference `#/…` (percent-decoded), or nullopt if it leaves the file, names an anchor
/// or is malformed.
[[nodiscard]] std::optional<std::string> local_reference(std::string_view reference);

}  // namespace user_events::catalogue
