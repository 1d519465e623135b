// access plan, apply, check: who may publish and consume at the brokers.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "base/json_writer.h"
#include "base/try.h"
#include "brokeraccess/compare.h"
#include "brokeraccess/plan.h"
#include "brokeraccess/texts.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "user_events/publisher.h"

namespace user_events::cli {
namespace {

using brokeraccess::BrokerPlan;
using brokeraccess::Finding;
using brokeraccess::Plan;
using brokeraccess::What;
using destinations::AccessAdministration;

struct Source {
  Configuration configuration;
  Plan plan;  // points into the configuration
};

Result<void> read_source(const BrokerAccessArguments& arguments, Source& source) {
  UE_TRY_ASSIGN(source.configuration, load_configuration(arguments.config));
  const Options& options = source.configuration.loaded.options;
  UE_TRY_ASSIGN(const auto schemas, UserEventPublisher::schemas_of(options));
  std::vector<std::string> types;
  for (const auto& schema : schemas)
    if (types.empty() || types.back() != schema.type) types.push_back(schema.type);
  source.plan = brokeraccess::make_plan(options, types);
  if (!arguments.destination.empty() && !brokeraccess::keep_only(source.plan, arguments.destination))
    return fail(ErrorKind::usage, "unknown-destination", fmt::format("there is no destination {} in the configuration", printable(arguments.destination)),
                "user-events config show prints them");
  return {};
}

/// What keeps a plan from being whole; the destinations without problems were planned all the same.
Result<void> problems_of(const Source& source) {
  if (source.plan.problems.empty()) return {};
  Error error{ErrorKind::usage, source.plan.problems.front().code, {}, "the others can be had with --destination NAME", {}};
  for (const auto& problem : source.plan.problems) {
    const auto line = source.configuration.loaded.line_of(problem.pointer);
    error.fields.push_back({problem.pointer, problem.code, line == 0 ? problem.detail : fmt::format("{}:{}: {}", source.configuration.file, line, problem.detail)});
  }
  error.message = error.fields.front().detail;
  return std::unexpected(std::move(error));
}

/// One broker that is administered, and how it stands.
struct Site {
  const BrokerPlan* plan = nullptr;
  std::unique_ptr<AccessAdministration> administration = {};
  std::vector<Finding> findings = {};
  std::vector<std::string> changes = {};
};

Result<Site> open_site(const BrokerPlan& plan, const BrokerAccessArguments& arguments, const std::vector<DestinationOptions>& administrators) {
  const auto found = std::ranges::find_if(administrators, [&](const auto& one) {
    return std::ranges::any_of(plan.destinations, [&](const auto* each) { return each->name == one.name; });
  });
  if (found == administrators.end())
    return fail(ErrorKind::usage, "no-administrator", fmt::format("{} has nothing for destination {}", printable(arguments.admin_config), plan.destinations.front()->name),
                "add a [[destination]] with its name and an administrator's credentials, or choose another with --destination");
  Site site{.plan = &plan};
  UE_TRY_ASSIGN(site.administration, plan.kind->access->administration(*found));
  UE_TRY_ASSIGN(const auto entries, site.administration->look(plan.distinct()));
  site.findings = brokeraccess::compare(plan, entries, arguments.ignored);
  return site;
}

Result<std::vector<Site>> open_sites(const Source& source, const BrokerAccessArguments& arguments) {
  if (arguments.admin_config.empty())
    return fail(ErrorKind::usage, "usage", "--admin-config is missing", "a file with an administrator's credentials for the brokers; docs/security/topic-access.md shows one");
  UE_TRY_ASSIGN(const auto administrators, config::load_administrators(arguments.admin_config, source.configuration.loaded.options));
  std::vector<Site> sites;
  for (const auto& plan : source.plan.brokers) {
    if (plan.kind->access->administration == nullptr) {
      message(fmt::format("user-events: {} {} is not looked at: its access control is applied by hand (user-events access plan)", plan.kind->name, plan.broker));
      continue;
    }
    auto site = open_site(plan, arguments, administrators);
    if (!site) {
      Error error = std::move(site).error();
      if (error.kind != ErrorKind::usage) error.message = fmt::format("{} {}: {}", plan.kind->name, plan.broker, error.message);
      return std::unexpected(std::move(error));
    }
    sites.push_back(*std::move(site));
  }
  return sites;
}

std::string findings_json(const std::vector<Site>& sites) {
  std::vector<std::string> brokers, findings;
  for (const auto& site : sites) {
    std::string broker;
    base::ObjectWriter object(broker);
    object.text("kind", site.plan->kind->name);
    object.text("broker", site.plan->broker);
    object.end();
    brokers.push_back(std::move(broker));
    for (const auto& finding : site.findings) findings.push_back(brokeraccess::finding_json(*site.plan, finding));
  }
  return fmt::format("{{\"brokers\":[{}],\"findings\":[{}]}}\n", fmt::join(brokers, ","), fmt::join(findings, ","));
}

std::string findings_text(const std::vector<Site>& sites) {
  std::string out;
  for (const auto& site : sites) {
    for (const auto& finding : site.findings) out += fmt::format("{} {}: {}\n", site.plan->kind->name, site.plan->broker, printable(brokeraccess::describe(finding)));
    if (site.findings.empty()) out += fmt::format("{} {}: as planned\n", site.plan->kind->name, site.plan->broker);
  }
  return out;
}

/// A person at a terminal says yes; nobody is asked where nobody is.
Result<void> confirm(const BrokerAccessArguments& arguments, std::size_t changes) {
  if (arguments.yes) return {};
  if (::isatty(STDIN_FILENO) != 1 || !has_progress())
    return fail(ErrorKind::usage, "not-confirmed", fmt::format("nothing was changed: {} were not confirmed", counted(changes, "change")), "say --yes, or answer at a terminal");
  progress(fmt::format("Make {}? [y/N] ", counted(changes, "change")));
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return {};
  return fail(ErrorKind::usage, "not-confirmed", "nothing was changed", "answer y to make the changes");
}

Result<std::size_t> prepare(std::vector<Site>& sites, bool remove_excess) {
  std::size_t count = 0;
  for (auto& site : sites) {
    UE_TRY_ASSIGN(site.changes, site.administration->prepare(brokeraccess::changes_for(*site.plan, site.findings, remove_excess)));
    count += site.changes.size();
  }
  return count;
}

std::string changes_text(const std::vector<Site>& sites) {
  std::string out;
  for (const auto& site : sites)
    for (const auto& change : site.changes) out += fmt::format("{} {}: {}\n", site.plan->kind->name, site.plan->broker, printable(change));
  return out;
}

std::string changes_json(const std::vector<Site>& sites) {
  std::vector<std::string> changes;
  for (const auto& site : sites) {
    for (const auto& line : site.changes) {
      std::string change;
      base::ObjectWriter object(change);
      object.text("kind", site.plan->kind->name);
      object.text("broker", site.plan->broker);
      object.text("change", line);
      object.end();
      changes.push_back(std::move(change));
    }
  }
  return fmt::format("{{\"changes\":[{}]}}\n", fmt::join(changes, ","));
}

/// What apply leaves as it is.
void tell_rest(const std::vector<Site>& sites, bool remove_excess) {
  for (const auto& site : sites)
    for (const auto& finding : site.findings)
      if (finding.what != What::missing && !(remove_excess && finding.is_removable && finding.what != What::denied))
        message(fmt::format("user-events: warning: {} {}: left as it is: {}", site.plan->kind->name, site.plan->broker, printable(brokeraccess::describe(finding))));
}

}  // namespace

Result<void> access_plan(const BrokerAccessArguments& arguments) {
  Source source;
  UE_TRY(read_source(arguments, source));
  UE_TRY_ASSIGN(const std::string text, arguments.config.json ? brokeraccess::plan_json(source.plan) : brokeraccess::plan_text(source.plan));
  UE_TRY(write_result(arguments.config.json ? text + "\n" : text));
  return problems_of(source);
}

Result<void> access_check(const BrokerAccessArguments& arguments) {
  Source source;
  UE_TRY(read_source(arguments, source));
  UE_TRY(problems_of(source));
  UE_TRY_ASSIGN(const auto sites, open_sites(source, arguments));
  UE_TRY(write_result(arguments.config.json ? findings_json(sites) : findings_text(sites)));
  std::size_t count = 0;
  for (const auto& site : sites) count += site.findings.size();
  if (count == 0) return {};
  return fail(ErrorKind::invalid, "access-findings", fmt::format("the brokers' access control is not as planned: {}", counted(count, "finding")),
              "user-events access apply gives what is missing, with --remove-excess it takes away what is too much");
}

Result<void> access_apply(const BrokerAccessArguments& arguments) {
  Source source;
  UE_TRY(read_source(arguments, source));
  UE_TRY(problems_of(source));
  UE_TRY_ASSIGN(auto sites, open_sites(source, arguments));
  UE_TRY_ASSIGN(const std::size_t count, prepare(sites, arguments.remove_excess));
  if (!arguments.config.json) UE_TRY(write_result(count == 0 ? "nothing is missing\n" : changes_text(sites)));
  if (count > 0) UE_TRY(confirm(arguments, count));
  for (auto& site : sites) UE_TRY(site.administration->apply());
  tell_rest(sites, arguments.remove_excess);
  return arguments.config.json ? write_result(changes_json(sites)) : Result<void>{};
}

}  // namespace user_events::cli
