// The CloudEvent around an event's data as a schema: attributes as docs/events-on-the-wire.md has them. The same text is good for JSON Schema
// draft 7, which AsyncAPI documents use, and 2020-12.
#pragma once

#include <span>
#include <string_view>

#include "base/json_writer.h"

namespace user_events::exports {

struct Attribute {
  std::string_view name;
  bool required;
  std::string_view schema;  ///< JSON, with its description.
};

/// In the order of the wire, without `datacontenttype`, which structured mode has beside them, and without `data`.
[[nodiscard]] std::span<const Attribute> attributes() noexcept;

/// Writes `type`, `required` and `properties` of an event in structured mode; `data` is any object.
void append_envelope_members(base::ObjectWriter& schema);

}  // namespace user_events::exports
