// One version of an event type in the encoding of a destination: its data, its schema, its name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"
#include "encoding/encoder.h"
#include "registry/client.h"
#include "user_events/error.h"

namespace user_events::registry {

/// The types that count now, as the destination gets them. Any thread may ask; what it answers stays for as long as it can be asked.
using CatalogueNow = std::function<const catalogue::Catalogue&()>;

class Codec {
 public:
  virtual ~Codec() = default;
  /// Appends `data`, one compact JSON object in the standard form. Error `invalid`: it has no place in the encoding. One thread.
  [[nodiscard]] virtual Result<void> append(std::string_view data, std::string& out) = 0;
  /// At most n × factor + bytes come of data of n bytes. Any thread.
  [[nodiscard]] virtual encoding::Growth growth() const noexcept = 0;
};

/// Error `usage`: the encoding cannot carry the type.
[[nodiscard]] Result<std::unique_ptr<Codec>> make_codec(const catalogue::EventType& type, SchemaType encoding);

/// As it is registered. In Protobuf, numbers and names of older versions are reserved. Error `usage`: as above, or a number that stood for another
/// field in an older version.
[[nodiscard]] Result<Schema> schema_of(const catalogue::Catalogue& catalogue, const catalogue::EventType& type, SchemaType encoding);

/// The record's full name in its schema; of JSON, which has none, the event type, and behind it the mark of a privacy policy. Error `usage`: as above.
[[nodiscard]] Result<std::string> record_name(const catalogue::EventType& type, SchemaType encoding);

}  // namespace user_events::registry
