// The one logger. A library must not write where its host did not ask: until `configure_log` only warnings go to standard error.
// Never log payload bytes, personal data or secrets; log ids, sequences, names of destinations.
#pragma once

#include <spdlog/spdlog.h>

#include "user_events/options.h"

namespace user_events::observability {

/// Thread-safe. `log().info("kafka: connected to {}", name)`.
[[nodiscard]] spdlog::logger& log();

/// Level and format (text or JSON lines) on standard error.
void configure_log(const LogOptions& options);

}  // namespace user_events::observability
