// The settings that every kind takes beside its own, and that no kind reads.
#pragma once

#include <string_view>

#include "destinations/registry_settings.h"
#include "destinations/set_settings.h"
#include "destinations/wanted_versions.h"

namespace user_events::destinations {

[[nodiscard]] inline bool is_common_setting(std::string_view name) noexcept { return is_version_setting(name) || is_registry_setting(name) || is_set_setting(name); }

}  // namespace user_events::destinations
