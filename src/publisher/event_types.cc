#include "publisher/event_types.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/time_text.h"
#include "base/try.h"
#include "base/type_filter.h"
#include "catalogue/succession.h"
#include "compatibility/json_annotations.h"
#include "destinations/wanted_versions.h"
#include "ports/clock.h"

namespace user_events::publisher {
namespace {

std::int64_t now_ms() { return ports::system_clock().wall().time_since_epoch().count(); }

/// One type as one destination wants it.
Result<void> check_wanted(const DestinationOptions& destination, std::string_view type, std::uint32_t wanted,
                          const std::vector<std::uint32_t>& known, const casts::Casts& casts) {
  constexpr const char* kHint = "set `version` or `versions` of the destination, narrow its `types`, or say in the schema files what is cast";
  if (std::ranges::find(known, wanted) == known.end())
    return fail(ErrorKind::usage, "no-such-version",
                fmt::format("destination '{}' wants version {} of {}, which has only {}", destination.name, wanted, type,
                            catalogue::list_of(known)),
                kHint);
  for (const std::uint32_t version : known)
    if (casts.way(type, version, wanted) == casts::Way::none)
      return fail(ErrorKind::usage, "no-cast",
                  fmt::format("destination '{}' wants version {} of {}, and events of version {} cannot be cast to it", destination.name,
                              wanted, type, version),
                  kHint);
  return {};
}

}  // namespace

Result<void> check_wanted_versions(const std::vector<DestinationOptions>& destinations, const catalogue::Catalogue& catalogue,
                                   const casts::Casts& casts) {
  for (const DestinationOptions& destination : destinations) {
    UE_TRY_ASSIGN(const auto versions, destinations::wanted_versions(destination));
    if (versions.empty()) continue;
    UE_TRY_ASSIGN(const auto filter, base::TypeFilter::parse(destination.types));
    for (const auto& [type, version] : versions.types())
      if (!catalogue.has_type(type))
        return fail(ErrorKind::usage, "unknown-type",
                    fmt::format("destination '{}' wants version {} of {}, which is no event type", destination.name, version, type),
                    "`user-events schema list` names them");
    std::string_view last;
    for (const catalogue::EventType* const type : catalogue.all()) {
      const std::uint32_t wanted = versions.of(type->name);
      if (type->name == last || wanted == 0 || !filter.matches(type->name)) continue;
      last = type->name;
      UE_TRY(check_wanted(destination, type->name, wanted, catalogue::versions_of(catalogue, type->name), casts));
    }
  }
  return {};
}

EventTypes::EventTypes(const Options& options, catalogue::Catalogue catalogue, casts::Casts casts)
    : directory_(options.catalogue_dir),
      destinations_(options.destinations),
      catalogue_(std::move(catalogue)),
      casts_(std::move(casts)),
      loaded_ms_(now_ms()) {}

Result<std::unique_ptr<EventTypes>> EventTypes::load(const Options& options) {
  UE_TRY_ASSIGN(auto catalogue, catalogue::Catalogue::with(options.catalogue_dir));
  UE_TRY(compatibility::check_numbers(catalogue));
  UE_TRY_ASSIGN(auto casts, casts::Casts::build(catalogue));
  UE_TRY(check_wanted_versions(options.destinations, catalogue, casts));
  return std::unique_ptr<EventTypes>(new EventTypes(options, std::move(catalogue), std::move(casts)));
}

Result<void> EventTypes::take_new(std::vector<std::string>& added) {
  const catalogue::Catalogue& before = catalogue_.now();
  UE_TRY_ASSIGN(auto next, catalogue::Catalogue::with(directory_));
  UE_TRY(catalogue::check_succession(before, next));
  UE_TRY(compatibility::check_numbers(next));
  UE_TRY_ASSIGN(auto casts, casts::Casts::build(next));
  UE_TRY(check_wanted_versions(destinations_, next, casts));
  for (const catalogue::EventType* const type : next.all())
    if (before.find(type->name, type->version) == nullptr) added.push_back(fmt::format("{}:{}", type->name, type->version));
  if (added.empty()) return {};
  if (taken_ == kMaxReloads)
    return fail(ErrorKind::usage, "too-many-reloads", fmt::format("the catalogue has changed {} times since the start", kMaxReloads),
                "restart the daemon");
  ++taken_;
  casts_.replace(std::move(casts));  // first: whatever is formed by the new catalogue can be cast
  catalogue_.replace(std::move(next));
  return {};
}

Result<std::vector<std::string>> EventTypes::reload() {
  const std::scoped_lock one_at_a_time(reloading_);
  std::vector<std::string> added;
  auto taken = take_new(added);
  const std::scoped_lock lock(mutex_);
  problem_ = taken ? std::string() : describe(taken.error());
  if (!taken) return std::unexpected(std::move(taken).error());
  ++reloads_;
  if (!added.empty()) loaded_ms_ = now_ms();
  return added;
}

CatalogueStatus EventTypes::status() const {
  CatalogueStatus status;
  std::string_view last;
  for (const catalogue::EventType* const type : catalogue_.now().all()) {
    status.types += type->name != last ? 1 : 0;
    ++status.versions;
    last = type->name;
  }
  const std::scoped_lock lock(mutex_);
  base::append_time(loaded_ms_, status.loaded);
  status.reloads = reloads_;
  status.problem = problem_;
  return status;
}

}  // namespace user_events::publisher
