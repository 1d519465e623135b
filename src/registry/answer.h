// What a schema registry's answer says, out of its text. Whatever is not what was asked for is nothing: it may come from anybody.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "registry/client.h"

namespace user_events::registry {

/// `error_code` of an answer that says why not.
[[nodiscard]] std::optional<std::int64_t> read_error_code(std::string_view answer);
/// `id`: from 1 to kMaxId.
[[nodiscard]] std::optional<std::uint32_t> read_id(std::string_view answer);
/// A list of version numbers, at most kMaxVersions of them, each at least 1.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> read_version_numbers(std::string_view answer);
/// One registered version.
[[nodiscard]] std::optional<Registered> read_registered(std::string_view answer);

}  // namespace user_events::registry
