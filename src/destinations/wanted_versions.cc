#include "destinations/wanted_versions.h"

#include <fmt/format.h>

#include <vector>

namespace user_events::destinations {

Result<base::TypeVersions> wanted_versions(const DestinationOptions& options) {
  constexpr const char* kCode = "destination-setting";
  std::vector<std::string> entries;
  for (const auto& [name, value] : options.settings) {
    if (!is_version_setting(name)) continue;
    const bool is_for_all = name == kVersionSetting;
    std::string entry = is_for_all ? value : name.substr(kVersionsPrefix.size()) + "=" + value;
    if ((is_for_all && value.find('=') != std::string::npos) || !base::TypeVersions::parse(std::vector{entry})) {
      Error error{ErrorKind::usage, kCode, fmt::format("destination '{}': {} is no version, a whole number from 1", options.name, name), {}, {}};
      error.fields.push_back({name, kCode, "is no version, a whole number from 1"});
      return std::unexpected(std::move(error));
    }
    entries.push_back(std::move(entry));
  }
  return base::TypeVersions::parse(entries);
}

}  // namespace user_events::destinations
