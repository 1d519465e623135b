// Plan and findings for people, and as JSON. Neither holds credentials.
#pragma once

#include <span>
#include <string>

#include "brokeraccess/compare.h"
#include "brokeraccess/plan.h"

namespace user_events::brokeraccess {

/// `Read on topic user.events`, `Read on groups crm-*`.
[[nodiscard]] std::string describe(const destinations::Right& right);
/// One line without its end: `missing: User:crm may not Read on topic user.events (destination kafka)`.
[[nodiscard]] std::string describe(const Finding& finding);

/// What is planned at each broker, in words and as what its administrator is used to. Error: a destination's settings.
[[nodiscard]] Result<std::string> plan_text(const Plan& plan);
[[nodiscard]] Result<std::string> plan_json(const Plan& plan);

/// A JSON object, without a line end.
[[nodiscard]] std::string finding_json(const BrokerPlan& plan, const Finding& finding);

}  // namespace user_events::brokeraccess
