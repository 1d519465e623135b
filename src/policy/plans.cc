#include "policy/plans.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "base/try.h"
#include "policy/derived_types.h"

namespace user_events::policy {

Plans::OfCatalogue& Plans::now() const {
  if (!is_now(newest_)) {
    const auto& now = catalogue_.now();
    newest_ = &generations_.emplace_back(&now, std::make_shared<const KnownNames>(KnownNames::gather(now, policy_)));
  }
  return *newest_;
}

Result<const Plan*> Plans::find(std::string_view type, std::uint32_t version) const {
  const std::scoped_lock lock(mutex_);
  auto& generation = now();
  auto versions = generation.plans.find(type);
  if (versions != generation.plans.end())
    if (const auto plan = versions->second.find(version); plan != versions->second.end()) return &plan->second;
  const auto* const known = generation.catalogue->find(type, version);
  if (known == nullptr || version == 0)
    return fail(ErrorKind::invalid, "unknown-version",
                fmt::format("the catalogue has no version {} of {}, so nobody can say what in it is personal", version, type),
                "put its schema file back into catalogue_dir");
  if (versions == generation.plans.end()) versions = generation.plans.emplace(std::string(type), std::map<std::uint32_t, Plan>()).first;
  return &versions->second.emplace(version, make_plan(known->places, policy_, generation.names)).first->second;
}

const catalogue::Catalogue& Plans::derived() const {
  OfCatalogue* generation = newest_;
  if (!is_now(generation)) {
    const std::scoped_lock lock(mutex_);
    generation = &now();
  }
  // Events go on meanwhile; only who wants it waits.
  std::call_once(generation->derive, [&] { generation->derived = derive_catalogue(*generation->catalogue, policy_); });
  return generation->derived;
}

Result<void> check_classes(const PrivacyPolicy& policy, const catalogue::Catalogue& catalogue) {
  std::set<std::string> known(standard_classes().begin(), standard_classes().end());
  for (const auto* type : catalogue.all())
    for (const auto& place : type->places) known.insert(place.classes.begin(), place.classes.end());
  for (const auto& klass : policy.named_classes()) {
    if (known.contains(klass)) continue;
    const auto near = base::nearest(klass, std::vector<std::string>(known.begin(), known.end()));
    Error error{ErrorKind::usage, "privacy-policy",
                fmt::format("privacy.{} is no class of personal data that an event type has{}", klass, near.empty() ? "" : fmt::format("; did you mean {}?", near)),
                "docs/security/privacy-policies.md names the classes", {}};
    error.fields.push_back({"privacy." + klass, error.code, error.message});
    return std::unexpected(std::move(error));
  }
  return {};
}

Result<std::unique_ptr<const catalogue::Catalogue>> derive_for(const catalogue::Catalogue& catalogue, const PrivacyPolicyOptions& given) {
  UE_TRY_ASSIGN(const auto policy, PrivacyPolicy::parse(given));
  UE_TRY(check_classes(policy, catalogue));
  if (policy.is_clear()) return nullptr;
  return std::make_unique<const catalogue::Catalogue>(derive_catalogue(catalogue, policy));
}

}  // namespace user_events::policy
