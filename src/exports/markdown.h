// Reference pages of the event types.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "exports/text_file.h"
#include "user_events/error.h"

namespace user_events::exports {

/// `TYPE.md` for each type, of its newest version, and `README.md`, which lists them. `types`: by name, then version. Deterministic.
[[nodiscard]] Result<std::vector<TextFile>> markdown(std::span<const catalogue::EventType* const> types);

}  // namespace user_events::exports
