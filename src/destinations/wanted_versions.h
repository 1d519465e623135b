// The settings `version` and `versions.TYPE`, which every kind takes beside its own: in which version of their type a destination gets events,
// and with `types`, which types and versions these are.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/type_filter.h"
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

/// What a destination is sent: the types that its `types` let through, in the version that it is given, else in every one. Immutable.
class SentTypes {
 public:
  /// Error `usage`.
  [[nodiscard]] static Result<SentTypes> parse(const DestinationOptions& options);
  [[nodiscard]] bool include(std::string_view type, std::uint32_t version) const;

 private:
  SentTypes(base::TypeFilter types, base::TypeVersions versions) : types_(std::move(types)), versions_(std::move(versions)) {}
  base::TypeFilter types_;
  base::TypeVersions versions_;
};

}  // namespace user_events::destinations
