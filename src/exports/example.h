// An event of a type as it could be: for documents.
#pragma once

#include <optional>
#include <string>

#include "catalogue/catalogue.h"
#include "encoding/envelope.h"
#include "schemas/model.h"

namespace user_events::exports {

/// Data with every field: a field's first `examples`, else what its kind, format and length allow. Compact JSON in the standard form. Nothing
/// if what comes out is not valid (a pattern without `examples`, say). Deterministic.
[[nodiscard]] std::optional<std::string> example_data(const catalogue::EventType& type, const schemas::Model& model);

/// The body of an event with that data, compact JSON.
[[nodiscard]] std::string example_body(const catalogue::EventType& type, std::string_view source, std::string_view data, encoding::Format format);

/// The value of the event's ordering key in `data`; for an identifier a token, as on the wire.
struct ExampleKey {
  std::string partition_key;
  bool is_user = true;
};
[[nodiscard]] ExampleKey example_key(const catalogue::EventType& type, std::string_view data);

}  // namespace user_events::exports
