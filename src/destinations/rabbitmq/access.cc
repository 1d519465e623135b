#include "destinations/rabbitmq/access.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/try.h"
#include "destinations/rabbitmq/administration.h"
#include "destinations/rabbitmq/config.h"

namespace user_events::destinations::rabbitmq {
namespace {

constexpr std::string_view kResource = "resource";  // one word for exchanges and queues, since one pattern is for both
constexpr std::string_view kDefaultExchange = "amq.default";
constexpr std::int64_t kMaxPatternMemory = 1 << 20;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (!is_word(c)) out += '\\';
    out += c;
  }
  return out;
}

/// RabbitMQ takes PCRE. What RE2 cannot read could match everything.
class Pattern {
 public:
  explicit Pattern(const std::string& text) : expression_(text, options()) {}
  [[nodiscard]] bool is_understood() const { return expression_.ok(); }
  [[nodiscard]] bool matches(const std::string& name) const { return !expression_.ok() || re2::RE2::PartialMatch(name, expression_); }

 private:
  static re2::RE2::Options options() {
    re2::RE2::Options out(re2::RE2::Quiet);
    out.set_encoding(re2::RE2::Options::EncodingLatin1);
    out.set_max_mem(kMaxPatternMemory);
    return out;
  }
  re2::RE2 expression_;
};

bool is_publisher(std::span<const Grant> plan, std::string_view user) {
  return std::ranges::any_of(plan, [&](const Grant& grant) { return grant.role == Role::publisher && grant.principal == user; });
}

/// Names of the plan, all of one operation if it is given.
std::set<std::string> names_in(std::span<const Grant> plan, std::string_view user = {}, std::string_view operation = {}) {
  std::set<std::string> names;
  for (const auto& grant : plan)
    if ((user.empty() || grant.principal == user) && (operation.empty() || grant.right.operation == operation)) names.insert(grant.right.name);
  return names;
}

void add(AccessNeeds& needs, Role role, const std::string& user, std::string_view operation, const std::string& name) {
  needs.grants.push_back({role, user, {.resource = std::string(kResource), .name = name, .operation = std::string(operation)}});
}

void add_topology(AccessNeeds& needs, const Config& config) {
  if (config.declare != Declare::create) return;
  add(needs, Role::publisher, config.user, "configure", config.exchange);
  if (config.queue.empty()) return;
  add(needs, Role::publisher, config.user, "configure", config.queue);
  add(needs, Role::publisher, config.user, "write", config.queue);  // binding it
  add(needs, Role::publisher, config.user, "read", config.exchange);
}

std::string broker_of(const Config& config) {
  std::vector<std::string> hosts;
  for (const auto& host : config.hosts) hosts.push_back(host.text());
  std::ranges::sort(hosts);
  return fmt::format("{} vhost {}", fmt::join(hosts, ","), config.vhost);
}

Result<AccessNeeds> needs_of(const DestinationOptions& options, std::span<const std::string>) {
  UE_TRY_ASSIGN(const Config config, parse(options));
  if (!options.principal.empty()) return refuse_access("principal", "is not for RabbitMQ, which knows this daemon by the setting user", "leave it out");
  AccessNeeds needs{.broker = broker_of(config)};
  add(needs, Role::publisher, config.user, "write", config.exchange);
  add_topology(needs, config);
  if (!options.dead_letter_topic.empty()) add(needs, Role::publisher, config.user, "write", std::string(kDefaultExchange));
  UE_TRY_ASSIGN(const auto consumers, consumers_of(options));
  for (const auto& consumer : consumers) {
    const std::string& queue = consumer.queue.empty() ? config.queue : consumer.queue;
    if (!consumer.group.empty()) return refuse_access("consumers", "has one with a group, and RabbitMQ has none", "queue=NAME");
    if (queue.empty()) return refuse_access("consumers", "has one of whom it is not known what he reads", "queue=NAME behind the user's name");
    add(needs, Role::consumer, consumer.principal, "read", queue);
  }
  return needs;
}

Result<std::string> commands_of(const DestinationOptions& options, std::span<const Grant> grants) {
  UE_TRY_ASSIGN(const Config config, parse(options));
  std::set<std::string> users;
  for (const auto& grant : grants) users.insert(grant.principal);
  std::string out;
  for (const auto& user : users) out += fmt::format("rabbitmqctl set_permissions -p {} {} {}\n", shell_word(config.vhost), shell_word(user), text_of(planned(grants, user)));
  return out;
}

Result<std::unique_ptr<AccessAdministration>> make_administration(const DestinationOptions& options) {
  UE_TRY_ASSIGN(Config config, parse(options));
  return RabbitMqAdministration::make(std::move(config));
}

}  // namespace

std::string exact_pattern(const std::set<std::string>& names) {
  if (names.empty()) return {};
  std::vector<std::string> parts;
  for (const auto& name : names) parts.push_back(escaped(name));
  return names.size() == 1 ? fmt::format("^{}$", parts.front()) : fmt::format("^({})$", fmt::join(parts, "|"));
}

bool begins_with(std::string_view pattern, std::string_view wanted) noexcept {
  return !wanted.empty() && pattern.starts_with(wanted) && (pattern.size() == wanted.size() || pattern[wanted.size()] == '|');
}

Permissions planned(std::span<const Grant> plan, std::string_view user) {
  Permissions out{.user = std::string(user)};
  for (std::size_t i = 0; i < kOperations.size(); ++i) out.patterns[i] = exact_pattern(names_in(plan, user, kOperations[i]));
  return out;
}

std::vector<PatternEntry> entries_of(const Permissions& found, std::span<const Grant> plan) {
  std::vector<PatternEntry> out;
  const bool is_ours = is_publisher(plan, found.user);
  const Permissions wanted = planned(plan, found.user);
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    const std::string& text = found.patterns[i];
    if (text.empty()) continue;
    const Pattern pattern(text);
    AccessEntry entry{.principal = found.user, .goes_beyond = is_ours && text != wanted.patterns[i], .is_conditional = !pattern.is_understood() && !begins_with(text, wanted.patterns[i]),
                      .text = fmt::format("user {}: {} {}", found.user, kOperations[i], shell_word(text))};
    std::set<std::string> names;
    for (const auto& name : names_in(plan))
      if (pattern.matches(name)) names.insert(name);
    std::set<Right> rights;
    for (const auto& grant : plan)
      if (grant.right.operation == kOperations[i] && names.contains(grant.right.name)) rights.insert(grant.right);
    entry.rights.assign(rights.begin(), rights.end());
    // At a name of the plan, but nothing that the plan gives anybody: to delete the exchange, to bind a queue of one's own to it.
    entry.goes_beyond |= rights.size() < names.size();
    entry.is_removable = is_ours || text == exact_pattern(names);
    if (!names.empty() || is_ours) out.push_back({i, std::move(entry)});
  }
  return out;
}

std::string text_of(const Permissions& permissions) {
  return fmt::format("{} {} {}", shell_word(permissions.patterns[0]), shell_word(permissions.patterns[1]), shell_word(permissions.patterns[2]));
}

const AccessControl& access_control() {
  static const AccessControl control{.needs = needs_of, .as_text = commands_of, .administration = make_administration};
  return control;
}

}  // namespace user_events::destinations::rabbitmq
