// The event types of an open publisher: the catalogue and the casts between its versions, read again while it runs.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/live.h"
#include "casts/casts.h"
#include "catalogue/catalogue.h"
#include "user_events/publisher.h"

namespace user_events::publisher {

/// Error `usage`: a destination wants a version of event types that there is not, or that nothing can be cast to.
[[nodiscard]] Result<void> check_wanted_versions(const std::vector<DestinationOptions>& destinations, const catalogue::Catalogue& catalogue,
                                                 const casts::Casts& casts);

inline constexpr std::size_t kMaxReloads = 100;  ///< That brought something new: the catalogues before are kept for whoever is reading them.

/// Thread-safe. What is refused changes nothing.
class EventTypes {
 public:
  /// Errors `usage`: of the schema files, of casts, of versions that destinations want.
  [[nodiscard]] static Result<std::unique_ptr<EventTypes>> load(const Options& options);

  /// Reads `catalogue_dir` again and takes what is new: types and versions as `TYPE:VERSION`. Errors as `load`, `catalogue-changed`,
  /// `too-many-reloads` (kMaxReloads).
  /// Readers are not disturbed. Cost: as at the start.
  [[nodiscard]] Result<std::vector<std::string>> reload();

  [[nodiscard]] const base::Live<catalogue::Catalogue>& catalogue() const noexcept { return catalogue_; }
  [[nodiscard]] const base::Live<casts::Casts>& casts() const noexcept { return casts_; }
  [[nodiscard]] CatalogueStatus status() const;

 private:
  EventTypes(const Options& options, catalogue::Catalogue catalogue, casts::Casts casts);
  /// What is new is added to `added`.
  [[nodiscard]] Result<void> take_new(std::vector<std::string>& added);

  const std::string directory_;
  const std::vector<DestinationOptions> destinations_;
  base::Live<catalogue::Catalogue> catalogue_;
  base::Live<casts::Casts> casts_;
  std::mutex reloading_;
  std::size_t taken_ = 0;  // under it: reloads that brought something new
  mutable std::mutex mutex_;  // of what follows
  std::int64_t loaded_ms_ = 0;
  std::uint64_t reloads_ = 0;
  std::string problem_;
};

}  // namespace user_events::publisher
