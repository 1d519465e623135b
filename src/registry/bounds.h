// How much bigger than an event's data its body can be. Any thread may ask, also while the catalogue is replaced.
#pragma once

#include <map>
#include <mutex>
#include <string_view>

#include "base/live.h"
#include "catalogue/catalogue.h"
#include "encoding/encoder.h"
#include "registry/client.h"
#include "registry/codec.h"

namespace user_events::registry {

/// Worked out once for each catalogue: about 0.1 ms for each version in it.
class Bounds {
 public:
  Bounds(const CatalogueNow& catalogue, SchemaType encoding) : catalogue_(catalogue), encoding_(encoding), tables_(make(catalogue())) {}

  /// Data of n bytes makes a body of at most n × factor + bytes. What the catalogue does not have, or the encoding cannot carry, has no body.
  [[nodiscard]] encoding::Growth of(std::string_view type, std::uint32_t version) const;
  /// Of whatever the catalogue has.
  [[nodiscard]] encoding::Growth widest() const { return now().widest; }

 private:
  struct Table {
    const catalogue::Catalogue* catalogue = nullptr;
    std::map<const catalogue::EventType*, encoding::Growth> each = {};
    encoding::Growth widest = {1, 0};
  };
  [[nodiscard]] Table make(const catalogue::Catalogue& catalogue) const;
  /// Of the catalogue that counts.
  [[nodiscard]] const Table& now() const;

  const CatalogueNow& catalogue_;
  const SchemaType encoding_;
  mutable std::mutex making_;
  mutable base::Live<Table> tables_;
};

}  // namespace user_events::registry
