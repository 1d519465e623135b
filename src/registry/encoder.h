// The encode stage of a destination whose schemas are in a registry, or whose data is binary.
#pragma once

#include <memory>
#include <string>

#include "catalogue/catalogue.h"
#include "destinations/destination.h"
#include "destinations/registry_settings.h"
#include "encoding/encoder.h"
#include "registry/client.h"
#include "registry/codec.h"
#include "registry/subject.h"

namespace user_events::registry {

/// The subject after the settings. A topic with `{type}` is one of each type. Error `usage`: the topic is no name.
[[nodiscard]] Result<std::string> subject_of(const DestinationOptions& options, const destinations::RegistrySettings& settings,
                                             const catalogue::EventType& type, SchemaType encoding);
/// Of the setting `encoding`, which is checked.
[[nodiscard]] SchemaType schema_type_of(const DestinationOptions& options) noexcept;

/// Whether each version that the destination is sent has a form in its encoding. `catalogue`: as it gets them. Error `usage`: the first that has none.
[[nodiscard]] Result<void> check_types(const DestinationOptions& options, const catalogue::Catalogue& catalogue);

/// What a registry has been asked so far. Thread-safe.
class RegistryUse {
 public:
  virtual ~RegistryUse() = default;
  [[nodiscard]] virtual std::uint64_t calls() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t failures() const noexcept = 0;
};

/// Bodies are the data alone, in the encoding of `options`, behind the id of its schema if there is a registry; format cloudevents-binary or
/// plain. An event whose schema has no id yet is `not_now`; the registry is asked on a thread of its own.
/// `ids_file`: where ids are kept; empty: nowhere.
[[nodiscard]] Result<std::unique_ptr<encoding::Encoder>> make_encoder(const DestinationOptions& options, CatalogueNow catalogue,
                                                                     std::string ids_file);

}  // namespace user_events::registry
