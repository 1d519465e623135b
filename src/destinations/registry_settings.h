// The settings `registry.…`, which every kind of destination takes: where the schemas of what it sends are registered.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations {

inline constexpr std::string_view kRegistryPrefix = "registry.";

struct RegistrySettings {
  std::string url;              ///< Empty: none.
  std::string subject = "record";  ///< topic | record | topic-record
  bool register_schemas = false;   ///< `registry.register`: what is not there is put there.
  std::string compatibility;       ///< `backward`, …, `none`; empty: the registry's own.
  std::string user, password;      ///< Basic authentication.
  std::string token;               ///< Bearer.
  std::string tls_ca_file, tls_cert_file, tls_key_file;  ///< PEM; empty: the system's authorities, no certificate.
  std::chrono::milliseconds timeout{10'000};             ///< Of one request.
};

/// Their names.
[[nodiscard]] const std::vector<std::string_view>& registry_setting_names();
/// True for one of them. No adapter reads them.
[[nodiscard]] bool is_registry_setting(std::string_view name) noexcept;
/// Error `usage` with a field for each finding, never a value.
[[nodiscard]] Result<RegistrySettings> parse_registry_settings(const DestinationOptions& options);

}  // namespace user_events::destinations
