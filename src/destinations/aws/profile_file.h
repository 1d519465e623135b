// AWS's shared files: ~/.aws/credentials and ~/.aws/config.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace user_events::destinations::aws {

using Profile = std::map<std::string, std::string, std::less<>>;

/// The settings of one profile, by their keys. In a config file its section is `[profile NAME]`, in a credentials file `[NAME]`;
/// `default` is without the word in both. Lines that are no `key = value`, comments and nested settings are passed over. Empty if the
/// file is not there or has no such section.
[[nodiscard]] Profile read_profile(const std::string& path, std::string_view name, bool is_config_file);

}  // namespace user_events::destinations::aws
