// The policies of queues and topics: what the plan puts into them, and what they say. Without a service.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/access.h"
#include "destinations/aws/config.h"

namespace user_events::destinations::aws {

/// One principal of one statement.
struct PolicyPlace {
  std::size_t statement = 0;
  std::string type, principal;  ///< `AWS`, `Service`, …; both empty: `"Principal": "*"`, or none.
  auto operator<=>(const PolicyPlace&) const = default;
};
struct PolicyEntry {
  PolicyPlace place;
  AccessEntry entry;
};

/// What the policy of `target`, a queue URL or topic ARN, gives and denies. A text that is empty is a policy without statements. Error
/// `damaged`: it is no policy. A denial under a condition is left out: it cannot be told whom it meets.
[[nodiscard]] Result<std::vector<PolicyEntry>> entries_of(std::string_view policy, const std::string& target, std::span<const Grant> plan);

/// The policy with the plan's statements, one for each principal, and without what is in `removed`. Other statements stay as they are.
[[nodiscard]] Result<std::string> changed_policy(std::string_view policy, const std::string& target, const std::string& arn, std::span<const Grant> plan,
                                                 const std::set<PolicyPlace>& removed);

/// Whose region it is: the configuration's, the target's own, the environment's. Error `usage`.
[[nodiscard]] Result<std::string> region_of(const Config& config, std::string_view target);

/// Of a queue URL; of a topic ARN it is that itself.
[[nodiscard]] std::string arn_of(std::string_view target, std::string_view region);

[[nodiscard]] const AccessControl& sqs_access_control();
[[nodiscard]] const AccessControl& sns_access_control();

}  // namespace user_events::destinations::aws
