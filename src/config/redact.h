// What must not be shown: secrets among settings, and the user and password of a URL.
#pragma once

#include <string>
#include <string_view>

namespace user_events::config {

inline constexpr std::string_view kRedacted = "<redacted>";

/// `scheme://user:password@host` becomes `scheme://<redacted>@host`; any other text stays as it is. A
/// password that holds `/`, `?` or `#` unencoded is recognised by the missing port before it. Thread-safe,
/// never fails.
[[nodiscard]] std::string without_user_info(std::string_view url);

/// `https://host/path?token=x` becomes `https://host/path?<redacted>`, http likewise; any other text stays as it is. Thread-safe, never
/// fails.
[[nodiscard]] std::string without_query(std::string_view url);

/// True for the name of a setting that holds a secret.
[[nodiscard]] bool speaks_of_a_secret(std::string_view name);

}  // namespace user_events::config
