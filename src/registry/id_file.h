// The ids that a registry gave, in a file, so that a start while it is away serves what is known. One line an id; whatever is not
// understood, or of another registry, is left out: it is asked for again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "registry/client.h"
#include "user_events/error.h"

namespace user_events::registry {

inline constexpr std::size_t kMaxIds = 10'000;

/// Of a schema under a subject: 64 hexadecimal digits of SHA-256. Equal only for the very same text.
[[nodiscard]] std::string fingerprint(std::string_view subject, const Schema& schema);

using Ids = std::map<std::string, std::uint32_t>;  ///< By fingerprint.

/// Empty if there is no such file or it is of another `place`.
[[nodiscard]] Ids read_ids(const std::string& path, std::string_view place);
/// Whole or not at all, durable when it returns. Errors: io, full.
[[nodiscard]] Result<void> write_ids(const std::string& path, std::string_view place, const Ids& ids);

}  // namespace user_events::registry
