#include "brokeraccess/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/type_filter.h"

namespace user_events::brokeraccess {
namespace {

using destinations::AccessNeeds;
using destinations::Kind;

std::vector<std::string> types_of(const DestinationOptions& options, std::span<const std::string> types) {
  std::vector<std::string> out;
  const auto filter = base::TypeFilter::parse(options.types);
  if (filter) std::ranges::copy_if(types, std::back_inserter(out), [&](const auto& type) { return filter->matches(type); });
  return out;
}

void add(Plan& plan, const Kind& kind, const DestinationOptions& options, AccessNeeds needs) {
  auto at = std::ranges::find_if(plan.brokers, [&](const BrokerPlan& one) { return one.kind == &kind && one.broker == needs.broker; });
  if (at == plan.brokers.end()) at = plan.brokers.insert(at, {.kind = &kind, .broker = std::move(needs.broker)});
  at->destinations.push_back(&options);
  for (auto& grant : needs.grants) at->grants.push_back({options.name, std::move(grant)});
  for (auto& note : needs.notes)
    if (std::ranges::find(at->notes, note) == at->notes.end()) at->notes.push_back(std::move(note));
}

void add_problems(Plan& plan, const DestinationOptions& options, const Error& error) {
  const std::string prefix = fmt::format("destination.{}.", options.name);
  for (const auto& field : error.fields) plan.problems.push_back({prefix + field.pointer, field.code, fmt::format("{}{} {}", prefix, field.pointer, field.detail)});
  if (error.fields.empty()) plan.problems.push_back({prefix, error.code, prefix + " " + describe(error)});
}

}  // namespace

std::vector<destinations::Grant> BrokerPlan::distinct() const {
  std::vector<destinations::Grant> out;
  for (const auto& each : grants)
    if (std::ranges::find(out, each.grant) == out.end()) out.push_back(each.grant);
  return out;
}

Plan make_plan(const Options& options, std::span<const std::string> types) {
  Plan plan;
  for (const auto& each : options.destinations) {
    const Kind* kind = destinations::find_kind(each.kind);
    if (kind == nullptr) continue;  // has been said when the file was read
    if (kind->access == nullptr) {
      plan.others.push_back({each.name, each.kind, kind->access_advice});
    } else if (auto needs = kind->access->needs(each, types_of(each, types))) {
      add(plan, *kind, each, *std::move(needs));
    } else {
      add_problems(plan, each, needs.error());
    }
  }
  return plan;
}

bool keep_only(Plan& plan, std::string_view name) {
  std::erase_if(plan.brokers, [&](const BrokerPlan& one) { return std::ranges::find(one.destinations, name, [](const auto* each) { return each->name; }) == one.destinations.end(); });
  std::erase_if(plan.others, [&](const Unadministered& one) { return one.destination != name; });
  std::erase_if(plan.problems, [&](const FieldError& one) { return !one.pointer.starts_with(fmt::format("destination.{}.", name)); });
  return !plan.brokers.empty() || !plan.others.empty() || !plan.problems.empty();
}

}  // namespace user_events::brokeraccess
