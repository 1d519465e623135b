// The common settings `format` and `encoding`: read once for every kind, held against what its messages can carry.
#pragma once

#include <memory>
#include <string_view>

#include "destinations/destination.h"
#include "encoding/encoder.h"

namespace user_events::destinations {

/// Error `usage`: no format of ours, or `set`, which is none of CloudEvents.
[[nodiscard]] Result<encoding::Format> format_of(const DestinationOptions& options);

/// The body is the event's data and nothing around it: a binary encoding, or a schema registry.
[[nodiscard]] bool is_data_alone(const DestinationOptions& options);

/// Of such a body.
[[nodiscard]] std::string_view data_content_type(const DestinationOptions& options);

/// Everything that can be checked without connecting: the common settings that a kind must be able to carry, and its own. Error `usage` with a
/// field for each finding.
[[nodiscard]] Result<void> check(const Kind& kind, const DestinationOptions& options);

/// What encodes for that destination by its format alone: JSON.
[[nodiscard]] Result<std::unique_ptr<encoding::Encoder>> make_json_encoder(const Kind& kind, const DestinationOptions& options);

}  // namespace user_events::destinations
