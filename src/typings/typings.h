// Types of events for other languages.
#pragma once

#include <span>
#include <vector>

#include "exports/text_file.h"
#include "schemas/model.h"

namespace user_events::typings {

/// `models`: by type, then version. Deterministic, any thread. What the files hold: docs/generated-types.md.
[[nodiscard]] std::vector<exports::TextFile> typescript(std::span<const schemas::Model> models);  ///< `events.ts`; no dependencies.
[[nodiscard]] std::vector<exports::TextFile> python(std::span<const schemas::Model> models);      ///< A package for Python 3.10 and later.
[[nodiscard]] std::vector<exports::TextFile> cpp(std::span<const schemas::Model> models);         ///< `events.h` for C++20 and nlohmann/json.

}  // namespace user_events::typings
