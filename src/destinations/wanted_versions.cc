#include "destinations/wanted_versions.h"

#include <fmt/format.h>

#include <vector>

#include "base/try.h"

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

Result<SentTypes> SentTypes::parse(const DestinationOptions& options) {
  UE_TRY_ASSIGN(auto types, base::TypeFilter::parse(options.types));
  UE_TRY_ASSIGN(auto versions, wanted_versions(options));
  return SentTypes(std::move(types), std::move(versions));
}

bool SentTypes::include(std::string_view type, std::uint32_t version) const {
  const std::uint32_t wanted = versions_.of(type);
  return types_.matches(type) && (wanted == 0 || wanted == version);
}

}  // namespace user_events::destinations
