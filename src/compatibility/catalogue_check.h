// A catalogue folder beside an older state of itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compatibility/compatibility.h"

namespace user_events::compatibility {

/// One file of a catalogue.
struct CatalogueFile {
  std::string type;
  std::uint32_t version = 1;
  std::string name;  ///< For messages.
  std::string_view text;
};

/// What is published must stay: types and versions that are gone or say something else are findings. Each
/// version that is new is compared with those before it, as `check` does. Both are sorted by type, then
/// version, without repetition. Errors as `check`.
[[nodiscard]] Result<std::vector<Finding>> check_catalogue(Mode mode, const std::vector<CatalogueFile>& older,
                                                           const std::vector<CatalogueFile>& newer);

}  // namespace user_events::compatibility
