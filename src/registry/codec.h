// The data of one version of an event type in the encoding of a destination.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"
#include "registry/client.h"
#include "user_events/error.h"

namespace user_events::registry {

class Codec {
 public:
  virtual ~Codec() = default;
  /// Appends `data`, one compact JSON object in the standard form. Error `invalid`: it has no place in the encoding. One thread.
  [[nodiscard]] virtual Result<void> append(std::string_view data, std::string& out) = 0;
  /// At most so many bytes come of data of that size. Any thread.
  [[nodiscard]] virtual std::size_t bound_bytes(std::size_t data_bytes) const noexcept = 0;
};

/// Error `usage`: the type cannot be carried.
[[nodiscard]] Result<std::unique_ptr<Codec>> make_codec(const catalogue::EventType& type, SchemaType encoding);

/// The record's full name in its schema; of JSON, which has none, the event type. Error `usage`: as above.
[[nodiscard]] Result<std::string> record_name(const catalogue::EventType& type, SchemaType encoding);

}  // namespace user_events::registry
