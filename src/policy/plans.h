// The plans of one policy for all event types, made when they are first needed.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/live.h"
#include "catalogue/catalogue.h"
#include "policy/plan.h"

namespace user_events::policy {

/// Thread-safe.
class Plans {
 public:
  /// `catalogue` must outlive the plans; one that is replaced counts from the next event on.
  Plans(const base::Live<catalogue::Catalogue>& catalogue, PrivacyPolicy policy) : catalogue_(catalogue), policy_(std::move(policy)), mark_(mark_of(policy_)) {}
  /// Lives as long as this. Errors: invalid (`unknown-version`: what is not in the catalogue is not known to be harmless). Some 0.1 µs;
  /// the first of a catalogue some ms, the first of a type some 0.1 ms.
  [[nodiscard]] Result<const Plan*> find(std::string_view type, std::uint32_t version) const;
  /// The types of the catalogue as the policy leaves their data, each with a schema of its own (`derive_catalogue`). Lives as long as this. Without
  /// a lock; the first of a catalogue some 0.2 ms for each version in it.
  [[nodiscard]] const catalogue::Catalogue& derived() const;
  [[nodiscard]] const PrivacyPolicy& policy() const noexcept { return policy_; }
  [[nodiscard]] const std::string& mark() const noexcept { return mark_; }

 private:
  struct OfCatalogue {
    const catalogue::Catalogue* catalogue;
    std::shared_ptr<const KnownNames> names;
    std::map<std::string, std::map<std::uint32_t, Plan>, std::less<>> plans;
    std::once_flag derive = {};
    catalogue::Catalogue derived = {};  // made when it is asked for
  };
  [[nodiscard]] bool is_now(const OfCatalogue* generation) const noexcept { return generation != nullptr && generation->catalogue == &catalogue_.now(); }
  /// Under the lock.
  [[nodiscard]] OfCatalogue& now() const;

  const base::Live<catalogue::Catalogue>& catalogue_;
  const PrivacyPolicy policy_;
  const std::string mark_;
  mutable std::mutex mutex_;
  mutable std::list<OfCatalogue> generations_;  // as many as there were catalogues
  mutable std::atomic<OfCatalogue*> newest_ = nullptr;  // of them
};

/// Error `usage`, code `privacy-policy`, with a field: the policy names a class that no event type has, and that is no standard one.
[[nodiscard]] Result<void> check_classes(const PrivacyPolicy& policy, const catalogue::Catalogue& catalogue);

/// What the settings of a policy leave of the types; null: the types themselves. `catalogue` outlives it. Errors `usage`: as PrivacyPolicy::parse, and as
/// above.
[[nodiscard]] Result<std::unique_ptr<const catalogue::Catalogue>> derive_for(const catalogue::Catalogue& catalogue, const PrivacyPolicyOptions& given);

}  // namespace user_events::policy
