#include "brokeraccess/compare.h"

#include <algorithm>

namespace user_events::brokeraccess {
namespace {

using destinations::AccessEntry;
using destinations::Grant;
using destinations::kAnybody;
using destinations::Right;

bool contains(const auto& range, const auto& value) { return std::ranges::find(range, value) != range.end(); }

bool is_planned(const BrokerPlan& plan, std::string_view principal, const Right& right) {
  return std::ranges::any_of(plan.grants, [&](const auto& each) { return each.grant.principal == principal && each.grant.right == right; });
}

/// The destinations that have one of the rights, whoever they plan it for.
std::vector<std::string> destinations_of(const BrokerPlan& plan, std::span<const Right> rights, std::string_view principal = kAnybody) {
  std::vector<std::string> out;
  for (const auto& each : plan.grants)
    if (contains(rights, each.grant.right) && (principal == kAnybody || each.grant.principal == principal) && !contains(out, each.destination)) out.push_back(each.destination);
  return out;
}

Finding finding_of(const BrokerPlan& plan, What what, const AccessEntry& entry, std::size_t index, std::vector<Right> rights) {
  auto destinations = destinations_of(plan, rights);
  if (destinations.empty())  // beyond all of them
    for (const auto* each : plan.destinations) destinations.push_back(each->name);
  return {.what = what, .principal = entry.principal, .rights = std::move(rights), .destinations = std::move(destinations), .entry = entry.text, .index = index,
          .is_removable = entry.is_removable};
}

/// An entry for everybody fulfils no need: once it is closed, the need must be met all the same.
bool is_met(const Grant& grant, std::span<const AccessEntry> entries) {
  return std::ranges::any_of(entries, [&](const AccessEntry& entry) {
    return !entry.is_denial && !entry.is_conditional && entry.principal == grant.principal && contains(entry.rights, grant.right);
  });
}

void add_missing(const BrokerPlan& plan, std::span<const AccessEntry> entries, std::vector<Finding>& findings) {
  for (const auto& grant : plan.distinct()) {
    if (is_met(grant, entries)) continue;
    // The publisher of one destination can be the consumer of another with the same right.
    if (std::ranges::any_of(findings, [&](const Finding& one) { return one.principal == grant.principal && contains(one.rights, grant.right); })) continue;
    findings.push_back({.what = What::missing, .principal = grant.principal, .rights = {grant.right},
                        .destinations = destinations_of(plan, std::span(&grant.right, 1), grant.principal)});
  }
}

void add_denied(const BrokerPlan& plan, const AccessEntry& entry, std::size_t index, std::vector<Finding>& findings) {
  std::vector<Right> rights;
  for (const auto& right : entry.rights) {
    const bool hits = std::ranges::any_of(plan.grants, [&](const auto& each) {
      return each.grant.right == right && (entry.principal == kAnybody || each.grant.principal == entry.principal);
    });
    if (hits) rights.push_back(right);
  }
  if (!rights.empty()) findings.push_back(finding_of(plan, What::denied, entry, index, std::move(rights)));
}

void add_excess(const BrokerPlan& plan, const AccessEntry& entry, std::size_t index, std::vector<Finding>& findings) {
  std::vector<Right> rights;
  for (const auto& right : entry.rights)
    if (!is_planned(plan, entry.principal, right)) rights.push_back(right);
  if (rights.empty() && !entry.goes_beyond) return;
  findings.push_back(finding_of(plan, entry.principal == kAnybody ? What::anybody : What::excess, entry, index, std::move(rights)));
}

}  // namespace

std::string_view name_of(What what) noexcept {
  switch (what) {
    case What::missing:
      return "missing";
    case What::denied:
      return "denied";
    case What::excess:
      return "excess";
    case What::anybody:
      return "anybody";
  }
  return {};
}

std::vector<Finding> compare(const BrokerPlan& plan, std::span<const AccessEntry> entries, std::span<const std::string> ignored) {
  std::vector<Finding> findings;
  add_missing(plan, entries, findings);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const AccessEntry& entry = entries[i];
    if (entry.is_denial)
      add_denied(plan, entry, i, findings);
    else if (!contains(ignored, entry.principal))
      add_excess(plan, entry, i, findings);
  }
  return findings;
}

destinations::AccessChanges changes_for(const BrokerPlan& plan, std::span<const Finding> findings, bool remove_excess) {
  destinations::AccessChanges changes;
  const auto all = plan.distinct();
  for (const auto& finding : findings) {
    if (finding.what == What::missing) {
      const auto found = std::ranges::find_if(all, [&](const Grant& grant) { return grant.principal == finding.principal && grant.right == finding.rights.front(); });
      if (found != all.end()) changes.add.push_back(*found);
    } else if (finding.what != What::denied && remove_excess && finding.is_removable) {
      changes.remove.push_back(finding.index);
    }
  }
  return changes;
}

}  // namespace user_events::brokeraccess
