#include "publisher/event_types.h"

#include <fmt/format.h>

#include "base/time_text.h"
#include "base/try.h"
#include "catalogue/succession.h"
#include "ports/clock.h"

namespace user_events::publisher {
namespace {

std::int64_t now_ms() { return ports::system_clock().wall().time_since_epoch().count(); }

}  // namespace

Result<catalogue::Catalogue> load_catalogue(const Options& options) {
  UE_TRY_ASSIGN(auto catalogue, catalogue::Catalogue::builtin());
  if (!options.catalogue_dir.empty()) UE_TRY(catalogue.load_directory(options.catalogue_dir));
  return catalogue;
}

EventTypes::EventTypes(const Options& options, catalogue::Catalogue catalogue, casts::Casts casts)
    : directory_(options.catalogue_dir),
      catalogue_(std::move(catalogue)),
      casts_(std::move(casts)),
      loaded_ms_(now_ms()) {}

Result<std::unique_ptr<EventTypes>> EventTypes::load(const Options& options) {
  UE_TRY_ASSIGN(auto catalogue, load_catalogue(options));
  UE_TRY_ASSIGN(auto casts, casts::Casts::build(catalogue));
  return std::unique_ptr<EventTypes>(new EventTypes(options, std::move(catalogue), std::move(casts)));
}

Result<void> EventTypes::take_new(std::vector<std::string>& added) {
  const catalogue::Catalogue& before = catalogue_.now();
  Options options;
  options.catalogue_dir = directory_;
  UE_TRY_ASSIGN(auto next, load_catalogue(options));
  UE_TRY(catalogue::check_succession(before, next));
  UE_TRY_ASSIGN(auto casts, casts::Casts::build(next));
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
