// The schema of an event type's data in Avro and Protobuf, as text. The mapping: docs/encodings.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schemas/model.h"
#include "user_events/error.h"

namespace user_events::schemas {

enum class Encoding : std::uint8_t { avro, protobuf };

/// `avro`, `protobuf`; nullopt for another word.
[[nodiscard]] std::optional<Encoding> parse_encoding(std::string_view word) noexcept;
[[nodiscard]] std::string_view name(Encoding encoding) noexcept;

/// An Avro schema (specification 1.11) as indented JSON. Deterministic: equal models give equal texts. Any
/// thread.
[[nodiscard]] std::string avro_schema(const Model& model);

/// A proto3 file with one message and what is nested in it. `earlier`: older versions of the same type, whose
/// removed numbers and names are reserved. Deterministic. Error `usage`, code `no-derived-schema`: a field
/// has no `x-field-number`, or one that stood for another field in an earlier version; names type, version
/// and place. Any thread.
[[nodiscard]] Result<std::string> protobuf_schema(const Model& model, std::span<const Model> earlier = {});

/// The text in either language; for one version of a type that stands in `catalogue`, its older versions
/// included.
[[nodiscard]] Result<std::string> schema_text(Encoding encoding, const catalogue::Catalogue& catalogue,
                                              const catalogue::EventType& type);

}  // namespace user_events::schemas
