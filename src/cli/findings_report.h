// Findings as text for a person, JSON, SARIF 2.1.0, or JUnit's XML.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "compatibility/finding.h"

namespace user_events::cli {

/// `format` is `text`, `json`, `sarif` or `junit`. `what` was checked: a line that names the command and its
/// files.
[[nodiscard]] std::string report_of(std::string_view format, std::string_view what,
                                    std::span<const compatibility::Finding> findings);

}  // namespace user_events::cli
