// Naming and annotation rules for event types, beyond what loading asks. docs/catalogue.md lists them.
#pragma once

#include <string_view>
#include <vector>

#include "compatibility/catalogue_check.h"

namespace user_events::compatibility {

/// `files` is sorted by type, then version; each has been loaded by the catalogue. `known` are versions that
/// need not be among the files, such as those of the built-in types. Error `usage` as JsonText::parse.
[[nodiscard]] Result<std::vector<Finding>> lint(const std::vector<CatalogueFile>& files,
                                                const std::vector<CatalogueFile>& known);

/// The last segment says what happened: a past participle (`created`, `loggedin`, `sent`), or a noun for
/// something that happened
/// (`registration`, `payment`, `login`).
[[nodiscard]] bool says_what_happened(std::string_view type) noexcept;

}  // namespace user_events::compatibility
