// A catalogue folder beside an older state of itself.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
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

/// Compares the last of the versions with those before it, as `check`.
using CheckVersions = std::function<Result<std::vector<Finding>>(Mode, std::span<const Document>)>;

/// What is published must stay: types and versions that are gone or say something else are findings. Each
/// version that is new is compared with those before it by `compare`. Both are sorted by type, then
/// version, without repetition. Errors as `check`.
[[nodiscard]] Result<std::vector<Finding>> check_catalogue(Mode mode, const std::vector<CatalogueFile>& older,
                                                           const std::vector<CatalogueFile>& newer,
                                                           const CheckVersions& compare);

}  // namespace user_events::compatibility
