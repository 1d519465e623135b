// The settings that every kind takes beside its own, and that no kind reads.
#pragma once

#include <string_view>
#include <vector>

#include "destinations/registry_settings.h"
#include "destinations/set_settings.h"
#include "destinations/wanted_versions.h"

namespace user_events::destinations {

[[nodiscard]] inline bool is_common_setting(std::string_view name) noexcept { return is_version_setting(name) || is_registry_setting(name) || is_set_setting(name); }

/// For telling a person what there is; `versions.` is what names begin with.
[[nodiscard]] inline std::vector<std::string_view> common_setting_names() {
  std::vector<std::string_view> names{kVersionSetting, kVersionsPrefix};
  for (const auto* some : {&registry_setting_names(), &set_setting_names()}) names.insert(names.end(), some->begin(), some->end());
  return names;
}

}  // namespace user_events::destinations
