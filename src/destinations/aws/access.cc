#include "destinations/aws/access.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "base/hash64.h"
#include "base/json_reading.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "destinations/aws/administration.h"
#include "destinations/aws/target.h"

namespace user_events::destinations::aws {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using simdjson::dom::parser;

constexpr std::string_view kSidBegin = "UserEvents", kVersion = "2012-10-17", kAws = "AWS", kService = "Service";

std::string_view resource_of(ServiceKind kind) { return kind == ServiceKind::sqs ? "queue" : "topic"; }

/// `a` or `["a", "b"]`.
std::vector<std::string> texts_of(element value) {
  std::vector<std::string> out;
  std::string_view text;
  array list;
  if (value.get(text) == simdjson::SUCCESS) out.emplace_back(text);
  if (value.get(list) == simdjson::SUCCESS)
    for (const auto each : list)
      if (each.get(text) == simdjson::SUCCESS) out.emplace_back(text);
  return out;
}

std::string text_of(object from, std::string_view name) { return std::string(base::text_of(from, name).value_or("")); }

/// IAM's patterns: `*` any characters, `?` one.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// Everybody of an account is its root.
std::string normal(std::string_view principal) {
  const bool is_account = principal.size() == 12 && principal.find_first_not_of("0123456789") == std::string_view::npos;
  return is_account ? fmt::format("arn:aws:iam::{}:root", principal) : std::string(principal);
}

bool is_principal(std::string_view text) { return text.starts_with("arn:") || text.ends_with(".amazonaws.com") || normal(text) != text; }

/// Statements of a policy, of which a single one may stand without brackets. Error: it is no policy.
Result<std::vector<object>> statements_of(parser& reader, std::string_view policy, object& document) {
  std::vector<object> out;
  if (policy.empty()) return out;
  element given;
  if (reader.parse(policy.data(), policy.size()).get(document) != simdjson::SUCCESS || document["Statement"].get(given) != simdjson::SUCCESS)
    return fail(ErrorKind::damaged, "aws-policy", "a policy is not one that can be read", "look at it with the service's own console");
  array list;
  object one;
  if (given.get(one) == simdjson::SUCCESS) out.push_back(one);
  if (given.get(list) == simdjson::SUCCESS)
    for (const auto each : list)
      if (each.get(one) == simdjson::SUCCESS) out.push_back(one);
  return out;
}

std::vector<std::pair<std::string, std::string>> principals_of(object statement) {
  std::vector<std::pair<std::string, std::string>> out;
  object by_type;
  if (statement["Principal"].get(by_type) == simdjson::SUCCESS) {
    for (const auto member : by_type)
      for (const auto& text : texts_of(member.value)) out.emplace_back(member.key, text);
  } else {
    out.emplace_back();  // "*", or NotPrincipal: nearly everybody
  }
  return out;
}

AccessEntry entry_of(object statement, const std::string& type, const std::string& principal, const std::string& target, std::span<const Grant> plan) {
  const bool is_anybody = principal.empty() || (type == kAws && principal == "*");
  AccessEntry entry{.principal = is_anybody ? std::string(kAnybody) : normal(principal), .is_denial = text_of(statement, "Effect") == "Deny",
                    .goes_beyond = base::has(statement, "NotAction"), .is_conditional = base::has(statement, "Condition") || base::has(statement, "NotPrincipal"), .is_removable = true};
  if (is_anybody && entry.is_conditional) entry.principal += " (under a condition)";
  std::vector<std::string> actions = {"*"};  // nearly all
  if (element given; !entry.goes_beyond) actions = statement["Action"].get(given) == simdjson::SUCCESS ? texts_of(given) : std::vector<std::string>();
  for (const auto& action : actions) {
    bool is_planned = false;
    for (const auto& grant : plan) {
      if (grant.right.name != target || !matches(base::lowered(action), base::lowered(grant.right.operation))) continue;
      is_planned = true;
      if (std::ranges::find(entry.rights, grant.right) == entry.rights.end()) entry.rights.push_back(grant.right);
    }
    entry.goes_beyond |= !is_planned || action.find_first_of("*?") != std::string::npos;
  }
  const std::string sid = text_of(statement, "Sid");
  entry.text = fmt::format("statement {}: {} {} {} on {}{}", sid.empty() ? "without a name" : sid, entry.is_denial ? "Deny" : "Allow", entry.principal,
                           base::has(statement, "NotAction") ? "nearly everything" : fmt::format("{}", fmt::join(actions, ", ")), target,
                           entry.is_conditional && !is_anybody ? " under a condition" : "");
  return entry;
}

std::string sid_of(std::string_view principal) { return fmt::format("{}{:016x}", kSidBegin, base::hash64(principal, 0)); }

std::string principal_json(std::string_view principal) {
  std::string out;
  base::ObjectWriter by_type(out);
  by_type.text(principal.ends_with(".amazonaws.com") ? kService : kAws, principal);
  by_type.end();
  return out;
}

/// One statement for each principal, by its name.
std::vector<std::pair<std::string, std::string>> planned_statements(const std::string& target, const std::string& arn, std::span<const Grant> plan) {
  std::vector<std::string> principals;
  for (const auto& grant : plan)
    if (grant.right.name == target && std::ranges::find(principals, grant.principal) == principals.end()) principals.push_back(grant.principal);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& principal : principals) {
    std::vector<std::string> actions;
    for (const auto& grant : plan)
      if (grant.right.name == target && grant.principal == principal && std::ranges::find(actions, grant.right.operation) == actions.end()) actions.push_back(grant.right.operation);
    std::string text;
    base::ObjectWriter statement(text);
    statement.text("Sid", sid_of(principal));
    statement.text("Effect", "Allow");
    statement.raw("Principal", principal_json(principal));
    std::string& list = statement.key("Action");
    base::append_array(actions, list, [&](const auto& action) { base::append_json_string(action, list); });
    statement.text("Resource", arn);
    statement.end();
    out.emplace_back(sid_of(principal), std::move(text));
  }
  return out;
}

/// The statement without some of its principals; empty if none is left.
std::string without(object statement, std::size_t index, const std::set<PolicyPlace>& removed) {
  std::map<std::string, std::vector<std::string>> left;
  bool is_same = true;
  for (const auto& [type, principal] : principals_of(statement)) {
    if (removed.contains({index, type, principal}))
      is_same = false;
    else
      left[type].push_back(principal);
  }
  if (is_same) return simdjson::minify(statement);
  if (left.empty()) return {};
  std::string out;
  base::ObjectWriter object_out(out);
  for (const auto member : statement) {
    if (member.key != "Principal") {
      object_out.raw(member.key, simdjson::minify(member.value));
      continue;
    }
    std::string& text = object_out.key("Principal");
    base::ObjectWriter by_type(text);
    for (const auto& [type, principals] : left) {
      std::string& list = by_type.key(type);
      base::append_array(principals, list, [&](const auto& each) { base::append_json_string(each, list); });
    }
    by_type.end();
  }
  object_out.end();
  return out;
}

Result<AccessNeeds> needs_of(ServiceKind kind, const DestinationOptions& options, std::span<const std::string> types) {
  UE_TRY_ASSIGN(const Config config, parse(options, kind));
  const auto hint = "principal = \"arn:aws:iam::ACCOUNT:role/user-events\"";
  if (!is_principal(options.principal)) return refuse_access("principal", options.principal.empty() ? "is missing: keys do not tell whose they are" : "is no ARN", hint);
  std::set<std::string> targets;
  for (const auto& type : types) targets.insert(config.target.expand(name_of_type(type)));
  if (config.target.is_constant()) targets = {config.target.name()};
  UE_TRY_ASSIGN(const std::string region, region_of(config, config.target.expand("type")));
  UE_TRY_ASSIGN(const auto consumers, consumers_of(options));
  AccessNeeds needs{.broker = config.endpoint.empty() ? region : fmt::format("{} at {}", region, host_of_url(config.endpoint))};
  const auto add = [&](Role role, const std::string& principal, const std::string& target, std::initializer_list<std::string_view> actions) {
    for (const auto action : actions)
      needs.grants.push_back({role, normal(principal), {.resource = std::string(resource_of(kind)), .name = target, .operation = std::string(action)}});
  };
  const bool is_sqs = kind == ServiceKind::sqs;
  for (const auto& target : targets) add(Role::publisher, options.principal, target, {is_sqs ? "sqs:SendMessage" : "sns:Publish"});
  if (!options.dead_letter_topic.empty()) add(Role::publisher, options.principal, options.dead_letter_topic, {is_sqs ? "sqs:SendMessage" : "sns:Publish"});
  for (const auto& consumer : consumers) {
    if (!is_principal(consumer.principal) || !consumer.group.empty() || !consumer.queue.empty()) return refuse_access("consumers", "has one that is no ARN alone");
    for (const auto& target : targets) {
      if (is_sqs)
        add(Role::consumer, consumer.principal, target, {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"});
      else
        add(Role::consumer, consumer.principal, target, {"sns:Subscribe"});
    }
  }
  needs.notes.emplace_back("policies of queues and topics alone are looked at; what IAM's policies in the account allow beside them is not seen here");
  return needs;
}

Result<std::string> policies_of(ServiceKind kind, const DestinationOptions& options, std::span<const Grant> grants) {
  UE_TRY_ASSIGN(const Config config, parse(options, kind));
  std::set<std::string> targets;
  for (const auto& grant : grants) targets.insert(grant.right.name);
  std::string out;
  for (const auto& target : targets) {
    UE_TRY_ASSIGN(const std::string region, region_of(config, target));
    UE_TRY_ASSIGN(const std::string policy, changed_policy({}, target, arn_of(target, region), grants, {}));
    out += fmt::format("policy of {} {}:\n{}\n", resource_of(kind), target, policy);
  }
  return out;
}

template <ServiceKind kind>
const AccessControl& control_of() {
  static const AccessControl control{
      .needs = [](const DestinationOptions& options, std::span<const std::string> types) { return needs_of(kind, options, types); },
      .as_text = [](const DestinationOptions& options, std::span<const Grant> grants) { return policies_of(kind, options, grants); },
      .administration = [](const DestinationOptions& options) -> Result<std::unique_ptr<AccessAdministration>> {
        UE_TRY_ASSIGN(Config config, parse(options, kind));
        return AwsAdministration::make(std::move(config));
      }};
  return control;
}

}  // namespace

Result<std::vector<PolicyEntry>> entries_of(std::string_view policy, const std::string& target, std::span<const Grant> plan) {
  parser reader;
  object document;
  UE_TRY_ASSIGN(const auto statements, statements_of(reader, policy, document));
  std::vector<PolicyEntry> out;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    for (const auto& [type, principal] : principals_of(statements[i])) {
      AccessEntry entry = entry_of(statements[i], type, principal, target, plan);
      if (!entry.is_denial || !entry.is_conditional) out.push_back({{i, type, principal}, std::move(entry)});
    }
  }
  return out;
}

Result<std::string> changed_policy(std::string_view policy, const std::string& target, const std::string& arn, std::span<const Grant> plan, const std::set<PolicyPlace>& removed) {
  parser reader;
  object document;
  UE_TRY_ASSIGN(const auto statements, statements_of(reader, policy, document));
  const auto planned = planned_statements(target, arn, plan);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const std::string sid = text_of(statements[i], "Sid");
    if (std::ranges::any_of(planned, [&](const auto& each) { return each.first == sid; })) continue;  // comes anew
    if (std::string text = without(statements[i], i, removed); !text.empty()) texts.push_back(std::move(text));
  }
  for (const auto& [sid, text] : planned) texts.push_back(text);
  std::string out;
  base::ObjectWriter changed(out);
  const std::string version = policy.empty() ? std::string() : text_of(document, "Version"), id = policy.empty() ? std::string() : text_of(document, "Id");
  changed.text("Version", version.empty() ? kVersion : version);
  if (!id.empty()) changed.text("Id", id);
  changed.raw("Statement", fmt::format("[{}]", fmt::join(texts, ",")));
  changed.end();
  return out;
}

Result<std::string> region_of(const Config& config, std::string_view target) {
  if (!config.region.empty()) return config.region;
  UE_TRY_ASSIGN(const TargetName name, parse_target(config.kind, target));
  std::string region = name.region.empty() ? region_of_environment(config) : name.region;
  if (region.empty()) return refuse_access("region", "is missing: topic does not tell it", "region = \"eu-west-1\"");
  return region;
}

std::string arn_of(std::string_view target, std::string_view region) {
  if (target.starts_with("arn:")) return std::string(target);
  const auto name = target.rfind('/'), account = target.rfind('/', name - 1);  // a queue URL has both
  const std::string_view partition = region.starts_with("cn-") ? "aws-cn" : region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
  return fmt::format("arn:{}:sqs:{}:{}:{}", partition, region, target.substr(account + 1, name - account - 1), target.substr(name + 1));
}

const AccessControl& sqs_access_control() { return control_of<ServiceKind::sqs>(); }
const AccessControl& sns_access_control() { return control_of<ServiceKind::sns>(); }

}  // namespace user_events::destinations::aws
