// The catalogue as JSON Schema 2020-12.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "exports/text_file.h"

namespace user_events::exports {

/// One document with every type and version as an embedded resource, which keeps its own `$id`. As a schema it is that of an event: a CloudEvent
/// in structured mode whose `type` and `dataschema` choose the schema of its `data`.
[[nodiscard]] std::string json_schema_bundle(std::span<const catalogue::EventType* const> types);

/// `TYPE/VERSION.json` as the catalogue has them, and `events.json`, the bundle.
[[nodiscard]] std::vector<TextFile> json_schema_files(std::span<const catalogue::EventType* const> types);

}  // namespace user_events::exports
