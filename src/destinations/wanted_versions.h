// The settings `version` and `versions.TYPE`, which every kind takes beside its own: in which version of their type a destination gets events.
#pragma once

#include <string_view>

#include "base/type_versions.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations {

inline constexpr std::string_view kVersionSetting = "version", kVersionsPrefix = "versions.";

/// True for the name of one of them. No adapter reads them.
[[nodiscard]] constexpr bool is_version_setting(std::string_view name) noexcept {
  return name == kVersionSetting || (name.starts_with(kVersionsPrefix) && name.size() > kVersionsPrefix.size());
}

/// Error `usage` with a field that names the setting.
[[nodiscard]] Result<base::TypeVersions> wanted_versions(const DestinationOptions& options);

}  // namespace user_events::destinations
