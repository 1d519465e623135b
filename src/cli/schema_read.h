// Schema files for the commands that need no daemon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "compatibility/catalogue_check.h"
#include "compatibility/finding.h"

namespace user_events::cli {

/// Error `usage`: not readable, or larger than the comparers take.
[[nodiscard]] Result<std::string> read_schema_file(const std::string& path);

/// The files of a catalogue that was loaded from `folder`; they refer to texts of `catalogue`.
[[nodiscard]] std::vector<compatibility::CatalogueFile> files_of(const catalogue::Catalogue& catalogue,
                                                                 const std::string& folder);
[[nodiscard]] std::string path_of(const std::string& folder, std::string_view type, std::uint32_t version);

/// Writes the report. Error `invalid`, so exit status 1, if a finding is an error: `what` and `verdict`.
[[nodiscard]] Result<void> write_report(std::string_view format, const std::string& what,
                                        std::string_view verdict,
                                        std::span<const compatibility::Finding> findings);

}  // namespace user_events::cli
