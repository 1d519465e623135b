// The settings `set.…` of a destination with `format = "set"`: what its security event tokens say (docs/security/security-event-tokens.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations {

inline constexpr std::string_view kSetFormat = "set";

struct SetSettings {
  std::string issuer;                  ///< `iss`; of subjects, too.
  std::vector<std::string> audience;   ///< `aud`
  bool has_opaque_subjects = false;    ///< `set.subject = "opaque"`, else `iss_sub` (RFC 9493).
  std::vector<std::string> disabled, enabled, purged;  ///< Statuses of an account that are told as that.
};

[[nodiscard]] const std::vector<std::string_view>& set_setting_names();
/// True for one of them. No adapter reads them.
[[nodiscard]] bool is_set_setting(std::string_view name) noexcept;
/// Error `usage` with a field for each finding: also for settings where the format is another.
[[nodiscard]] Result<SetSettings> parse_set_settings(const DestinationOptions& options);

}  // namespace user_events::destinations
