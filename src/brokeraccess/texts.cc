#include "brokeraccess/texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/try.h"

namespace user_events::brokeraccess {
namespace {

using destinations::Right;
using destinations::Role;

std::string_view name_of(Role role) { return role == Role::publisher ? "publisher" : "consumer"; }

/// `Write, Describe, Read on topic a; Read on topic b`: the rights of one principal at one resource together.
std::string joined(std::span<const Right> rights) {
  std::string out;
  std::vector<Right> resources;  // without operation
  for (Right right : rights) {
    right.operation.clear();
    if (std::ranges::find(resources, right) == resources.end()) resources.push_back(std::move(right));
  }
  for (const auto& resource : resources) {
    std::vector<std::string_view> operations;
    for (const auto& right : rights)
      if (right.resource == resource.resource && right.name == resource.name && right.is_prefix == resource.is_prefix) operations.push_back(right.operation);
    out += fmt::format("{}{} on {}{} {}{}", out.empty() ? "" : "; ", fmt::join(operations, ", "), resource.resource, resource.is_prefix ? "s" : "", resource.name,
                       resource.is_prefix ? "*" : "");
  }
  return out;
}

std::string grants_text(const BrokerPlan& plan) {
  std::vector<std::pair<destinations::Grant, std::vector<Right>>> lines;  // of role and principal
  for (const auto& grant : plan.distinct()) {
    auto at = std::ranges::find_if(lines, [&](const auto& line) { return line.first.role == grant.role && line.first.principal == grant.principal; });
    if (at == lines.end()) at = lines.insert(at, {grant, {}});
    at->second.push_back(grant.right);
  }
  std::string out;
  for (const auto& [grant, rights] : lines) out += fmt::format("  {} {}: {}\n", name_of(grant.role), grant.principal, joined(rights));
  return out;
}

std::string names_of(const std::vector<std::string>& destinations) {
  return fmt::format("destination{} {}", destinations.size() == 1 ? "" : "s", fmt::join(destinations, ", "));
}

std::vector<std::string> names_in(const BrokerPlan& plan) {
  std::vector<std::string> names;
  for (const auto* each : plan.destinations) names.push_back(each->name);
  return names;
}

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.append("    ").append(text.substr(0, end)) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void append_strings(base::ObjectWriter& object, std::string_view name, const auto& texts) {
  std::string& out = object.key(name);
  base::append_array(texts, out, [&](std::string_view text) { base::append_json_string(text, out); });
}

void append_right(base::ObjectWriter& object, const Right& right) {
  object.text("resource", right.resource);
  object.text("name", right.name);
  object.boolean("prefix", right.is_prefix);
  object.text("operation", right.operation);
}

Result<std::string> broker_json(const BrokerPlan& plan) {
  UE_TRY_ASSIGN(const std::string text, plan.kind->access->as_text(*plan.destinations.front(), plan.distinct()));
  std::string out;
  base::ObjectWriter object(out);
  object.text("kind", plan.kind->name);
  object.text("broker", plan.broker);
  object.boolean("administered", plan.kind->access->administration != nullptr);
  std::string& grants = object.key("grants");
  base::append_array(plan.grants, grants, [&](const PlannedGrant& each) {
    base::ObjectWriter grant(grants);
    grant.text("destination", each.destination);
    grant.text("role", name_of(each.grant.role));
    grant.text("principal", each.grant.principal);
    append_right(grant, each.grant.right);
    grant.end();
  });
  object.text("text", text);
  append_strings(object, "notes", plan.notes);
  object.end();
  return out;
}

}  // namespace

std::string describe(const Right& right) { return joined(std::span(&right, 1)); }

std::string describe(const Finding& finding) {
  const std::string where = names_of(finding.destinations);
  switch (finding.what) {
    case What::missing:
      return fmt::format("missing: {} may not {} ({})", finding.principal, joined(finding.rights), where);
    case What::denied:
      return fmt::format("denied: {}, which takes away {} ({})", finding.entry, joined(finding.rights), where);
    case What::excess:
    case What::anybody:
      return fmt::format("{}: {} ({}{})", name_of(finding.what), finding.entry, where,
                         finding.is_removable ? "" : "; reaches beyond the plan's own resources: not removed by user-events");
  }
  return {};
}

Result<std::string> plan_text(const Plan& plan) {
  std::string out;
  for (const auto& broker : plan.brokers) {
    UE_TRY_ASSIGN(const std::string text, broker.kind->access->as_text(*broker.destinations.front(), broker.distinct()));
    out += fmt::format("{}{} {} ({})\n{}", out.empty() ? "" : "\n", broker.kind->name, broker.broker, names_of(names_in(broker)), grants_text(broker));
    out += fmt::format("  for its administrator{}:\n{}", broker.kind->access->administration == nullptr ? ", since user-events cannot apply it" : "", indented(text));
    for (const auto& note : broker.notes) out += fmt::format("  note: {}\n", note);
  }
  for (const auto& other : plan.others)
    out += fmt::format("{}{} (destination {}): no access control that user-events could administer{}{}\n", out.empty() ? "" : "\n", other.kind, other.destination,
                       other.advice.empty() ? "" : "; ", other.advice);
  return out;
}

Result<std::string> plan_json(const Plan& plan) {
  std::string out;
  base::ObjectWriter object(out);
  std::vector<std::string> brokers;
  for (const auto& broker : plan.brokers) {
    UE_TRY_ASSIGN(auto json, broker_json(broker));
    brokers.push_back(std::move(json));
  }
  object.raw("brokers", fmt::format("[{}]", fmt::join(brokers, ",")));
  std::string& others = object.key("others");
  base::append_array(plan.others, others, [&](const Unadministered& each) {
    base::ObjectWriter other(others);
    other.text("destination", each.destination);
    other.text("kind", each.kind);
    other.text("advice", each.advice);
    other.end();
  });
  object.end();
  return out;
}

std::string finding_json(const BrokerPlan& plan, const Finding& finding) {
  std::string out;
  base::ObjectWriter object(out);
  object.text("finding", name_of(finding.what));
  object.text("kind", plan.kind->name);
  object.text("broker", plan.broker);
  append_strings(object, "destinations", finding.destinations);
  object.text("principal", finding.principal);
  std::string& rights = object.key("rights");
  base::append_array(finding.rights, rights, [&](const Right& each) {
    base::ObjectWriter right(rights);
    append_right(right, each);
    right.end();
  });
  if (!finding.entry.empty()) object.text("entry", finding.entry);
  object.boolean("removable", finding.is_removable);
  object.text("detail", describe(finding));
  object.end();
  return out;
}

}  // namespace user_events::brokeraccess
