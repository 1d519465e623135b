#include "publisher/views.h"

#include "base/try.h"

namespace user_events::publisher {

Result<std::shared_ptr<const policy::Plans>> Views::plans(const PrivacyPolicyOptions& given) const {
  const std::scoped_lock lock(mutex_);
  if (const auto kept = kept_.find(given); kept != kept_.end()) return kept->second;
  UE_TRY_ASSIGN(auto policy, policy::PrivacyPolicy::parse(given));
  if (kept_.size() >= kMaxKeptPolicies) kept_.clear();
  return kept_.emplace(given, std::make_shared<policy::Plans>(catalogue_, std::move(policy))).first->second;
}

Result<std::optional<policy::Disclosure>> Views::of(const ReaderView& view) const {
  if (view.privacy.empty()) return std::nullopt;
  UE_TRY_ASSIGN(auto found, plans(view.privacy));
  if (found->policy().is_clear()) return std::nullopt;
  UE_TRY_ASSIGN(auto made, policy::Disclosure::make(std::move(found), policy::client_receiver(view.reader), ring_));
  return std::optional(std::move(made));
}

Result<bool> Views::names_users(const ReaderView& view) const {
  if (view.privacy.empty()) return true;
  UE_TRY_ASSIGN(const auto found, plans(view.privacy));
  return found->policy().of(policy::kUserId) == policy::Action::clear;
}

}  // namespace user_events::publisher
