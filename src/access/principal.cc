#include "access/principal.h"

#include "base/try.h"
#include "policy/privacy_policy.h"

namespace user_events::access {
namespace {

const std::vector<std::string> kEverything = {"*"};

}  // namespace

Result<std::unique_ptr<Principal>> Principal::make(const ClientOptions& options) {
  std::unique_ptr<Principal> out(new Principal());
  out->name_ = options.name;
  const auto grant = [&out](Action action, const std::vector<std::string>& patterns) -> Result<void> {
    if (patterns.empty()) return {};
    UE_TRY_ASSIGN(auto types, base::TypeFilter::parse(patterns));
    out->grants_[static_cast<std::size_t>(action)] = Grant{patterns, std::move(types)};
    return {};
  };
  const auto& grants = options.grants;
  UE_TRY(grant(Action::publish, grants.publish));
  UE_TRY(grant(Action::read, grants.read));
  UE_TRY(grant(Action::dead_letters, grants.dead_letters));
  if (grants.keys) UE_TRY(grant(Action::keys, kEverything));
  if (grants.admin) UE_TRY(grant(Action::admin, kEverything));
  if (grants.metrics) UE_TRY(grant(Action::metrics, kEverything));
  if (!grants.field_keys.empty()) out->grants_[static_cast<std::size_t>(Action::field_keys)] = Grant{grants.field_keys, {}};  // of receivers, not of types
  out->privacy_ = options.privacy;
  UE_TRY_ASSIGN(const auto policy, policy::PrivacyPolicy::parse(options.privacy));
  out->sees_users_ = policy.shows_users();
  out->may_publish_ = [principal = out.get()](std::string_view type) { return principal->may(Action::publish, type); };
  if (options.rate.empty()) return out;
  const auto rate = parse_rate(options.rate);
  if (!rate) return fail(ErrorKind::usage, "rate", "client.rate is no rate", "write for example \"1000/s\" or \"60/m\"");
  out->rate_ = std::make_unique<RateLimit>(*rate);
  return out;
}

}  // namespace user_events::access
