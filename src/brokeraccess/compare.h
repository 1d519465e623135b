// A broker's plan beside what its access control has.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brokeraccess/plan.h"

namespace user_events::brokeraccess {

enum class What : std::uint8_t {
  missing,  ///< A right of the plan that nothing gives.
  denied,   ///< A right of the plan that is taken away.
  excess,   ///< A principal may do what the plan does not give it.
  anybody,  ///< Everybody may do it.
};
[[nodiscard]] std::string_view name_of(What what) noexcept;

struct Finding {
  What what = What::missing;
  std::string principal;
  std::vector<destinations::Right> rights;  ///< Of the plan's: what is missing, denied, or given beyond the plan.
  std::vector<std::string> destinations;    ///< Whose plan it is about.
  std::string entry = {};                   ///< The broker's entry in its own words; empty: missing.
  std::size_t index = 0;                    ///< Of the entry.
  bool is_removable = false;
};

/// `entries` are those of `AccessAdministration::look`. What principals of `ignored` may do more is no finding.
[[nodiscard]] std::vector<Finding> compare(const BrokerPlan& plan, std::span<const destinations::AccessEntry> entries, std::span<const std::string> ignored = {});

/// What brings the broker to the plan; of the excess only what is removable, and only if asked for.
[[nodiscard]] destinations::AccessChanges changes_for(const BrokerPlan& plan, std::span<const Finding> findings, bool remove_excess);

}  // namespace user_events::brokeraccess
