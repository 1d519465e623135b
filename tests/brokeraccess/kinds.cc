// Kinds of destination for these tests alone: a `bus` with access control, a `printer` whose plan is only printed, a `heap` without.
#include <algorithm>

#include "base/try.h"
#include "destinations/destination.h"

namespace user_events::destinations {
namespace {

Result<void> check_any(const DestinationOptions&) { return {}; }
Result<std::unique_ptr<Destination>> make_none(const DestinationOptions&) { return fail(ErrorKind::internal, "none", "not here"); }

/// Everybody named in `consumers` reads a queue of his own for each type.
Result<AccessNeeds> needs_of(const DestinationOptions& options, std::span<const std::string> types) {
  if (options.principal.empty()) return refuse_access("principal", "is missing");
  AccessNeeds needs{.broker = options.settings.contains("bus") ? options.settings.at("bus") : "bus-1", .notes = {"a note"}};
  needs.grants.push_back({Role::publisher, options.principal, {"topic", options.topic, "Write", false}});
  UE_TRY_ASSIGN(const auto consumers, consumers_of(options));
  for (const auto& consumer : consumers)
    for (const auto& type : types) needs.grants.push_back({Role::consumer, consumer.principal, {"queue", consumer.group + type, "Read", consumer.group_is_prefix}});
  return needs;
}

Result<std::string> text_of(const DestinationOptions&, std::span<const Grant> grants) {
  std::string out;
  for (const auto& grant : grants) out += "allow " + grant.principal + "\n";
  return out;
}

Result<std::unique_ptr<AccessAdministration>> administration(const DestinationOptions&) { return fail(ErrorKind::internal, "none", "not here"); }

const AccessControl kBusAccess{.needs = needs_of, .as_text = text_of, .administration = administration};
const AccessControl kPrinterAccess{.needs = needs_of, .as_text = text_of};

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{.name = "bus", .check = check_any, .make = make_none, .settings = {"bus"}, .access = &kBusAccess},
                                        {.name = "printer", .check = check_any, .make = make_none, .settings = {}, .access = &kPrinterAccess},
                                        {.name = "heap", .check = check_any, .make = make_none, .settings = {}, .access_advice = "watch the shovel"}};
  return all;
}

const Kind* find_kind(std::string_view name) {
  const auto found = std::ranges::find(kinds(), name, &Kind::name);
  return found == kinds().end() ? nullptr : &*found;
}

}  // namespace user_events::destinations
