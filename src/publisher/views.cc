#include "publisher/views.h"

#include <algorithm>

#include "base/try.h"

namespace user_events::publisher {

Result<std::shared_ptr<const policy::Plans>> Views::plans(const PrivacyPolicyOptions& given) const {
  const std::scoped_lock lock(mutex_);
  if (const auto kept = kept_.find(given); kept != kept_.end()) return kept->second;
  UE_TRY_ASSIGN(auto policy, policy::PrivacyPolicy::parse(given));
  if (kept_.size() >= kMaxKeptPolicies) std::erase_if(kept_, [](const auto& one) { return one.second.use_count() == 1; });
  return kept_.emplace(given, std::make_shared<policy::Plans>(catalogue_, std::move(policy))).first->second;
}

Result<std::optional<policy::Disclosure>> Views::of(const ReaderView& view) const {
  if (view.privacy.empty()) return std::nullopt;
  UE_TRY_ASSIGN(auto found, plans(view.privacy));
  if (found->policy().is_clear()) return std::nullopt;
  UE_TRY_ASSIGN(auto made, policy::Disclosure::make(std::move(found), policy::client_receiver(view.reader), ring_));
  return std::optional(std::move(made));
}

Result<std::shared_ptr<const policy::Plans>> Views::plans_of(const PrivacyPolicyOptions& given, const std::string& whose) const {
  auto found = plans(given);
  if (found)
    if (auto known = policy::check_classes((*found)->policy(), catalogue_.now()); !known) found = std::unexpected(std::move(known).error());
  if (!found) found.error().message.insert(0, whose + ": ");
  return found;
}

std::optional<std::string> Views::derived_schema(std::string_view type, std::uint32_t version, std::string_view mark) const {
  std::shared_ptr<const policy::Plans> plans;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find_if(kept_, [&](const auto& one) { return !one.second->policy().is_clear() && one.second->mark() == mark; });
    if (found == kept_.end()) return std::nullopt;
    plans = found->second;
  }
  const auto* const derived = plans->derived().find(type, version);
  return derived == nullptr || derived->variant != mark ? std::nullopt : std::optional(derived->schema_text);
}

Result<void> Views::check(const std::vector<ClientOptions>& clients) const {
  for (const auto& client : clients)
    if (!client.privacy.empty()) UE_TRY(plans_of(client.privacy, "client '" + client.name + "'"));
  return {};
}

Result<bool> Views::names_users(const ReaderView& view) const {
  if (view.privacy.empty()) return true;
  UE_TRY_ASSIGN(const auto found, plans(view.privacy));
  return found->policy().shows_users();
}

}  // namespace user_events::publisher
