#include "destinations/kafka/access.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/ascii.h"
#include "base/try.h"
#include "destinations/kafka/administration.h"

namespace user_events::destinations::kafka {
namespace {

constexpr std::string_view kUser = "User:", kEverybody = "User:*", kNobody = "User:ANONYMOUS", kAll = "*";
constexpr int kFirstWithScram = 0x02060100;  // librdkafka 2.6.1

struct Operation {
  std::string_view name;  ///< As kafka-acls.sh and Kafka's documentation write it.
  rd_kafka_AclOperation_t value;
};
constexpr std::array kOperations = {
    Operation{"All", RD_KAFKA_ACL_OPERATION_ALL},
    Operation{"Read", RD_KAFKA_ACL_OPERATION_READ},
    Operation{"Write", RD_KAFKA_ACL_OPERATION_WRITE},
    Operation{"Create", RD_KAFKA_ACL_OPERATION_CREATE},
    Operation{"Delete", RD_KAFKA_ACL_OPERATION_DELETE},
    Operation{"Alter", RD_KAFKA_ACL_OPERATION_ALTER},
    Operation{"Describe", RD_KAFKA_ACL_OPERATION_DESCRIBE},
    Operation{"ClusterAction", RD_KAFKA_ACL_OPERATION_CLUSTER_ACTION},
    Operation{"DescribeConfigs", RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS},
    Operation{"AlterConfigs", RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS},
    Operation{"IdempotentWrite", RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE},
};

std::string_view name_of(rd_kafka_AclOperation_t value) {
  const auto found = std::ranges::find(kOperations, value, &Operation::value);
  return found == kOperations.end() ? "an operation that librdkafka does not know" : found->name;
}

std::string_view name_of(rd_kafka_ResourceType_t type) {
  switch (type) {
    case RD_KAFKA_RESOURCE_TOPIC:
      return "topic";
    case RD_KAFKA_RESOURCE_GROUP:
      return "group";
    case RD_KAFKA_RESOURCE_BROKER:  // what the protocol calls the cluster
      return "cluster";
    default:
      return "resource of another type";
  }
}

/// https://kafka.apache.org/documentation/#operations_in_kafka: some operations imply that their object is described. A denial implies nothing.
bool covers(rd_kafka_AclOperation_t given, rd_kafka_AclOperation_t asked, bool is_denial) {
  if (given == asked || given == RD_KAFKA_ACL_OPERATION_ALL) return true;
  if (is_denial) return false;
  if (asked == RD_KAFKA_ACL_OPERATION_DESCRIBE)
    return given == RD_KAFKA_ACL_OPERATION_READ || given == RD_KAFKA_ACL_OPERATION_WRITE || given == RD_KAFKA_ACL_OPERATION_DELETE ||
           given == RD_KAFKA_ACL_OPERATION_ALTER;
  return asked == RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS && given == RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS;
}

/// Whether the ACL is about everything that the right is about.
bool covers_resource(const Acl& acl, const Acl& right) {
  if (acl.resource != right.resource) return false;
  if (acl.pattern == RD_KAFKA_RESOURCE_PATTERN_PREFIXED) return right.name.starts_with(acl.name);
  return acl.name == kAll || (acl.name == right.name && right.pattern == RD_KAFKA_RESOURCE_PATTERN_LITERAL);
}

/// Whether it is about a part of it: one group of a prefix.
bool is_within(const Acl& acl, const Acl& right) {
  return acl.resource == right.resource && right.pattern == RD_KAFKA_RESOURCE_PATTERN_PREFIXED && acl.name != kAll && acl.name.starts_with(right.name);
}

bool is_same_resource(const Acl& a, const Acl& b) { return a.resource == b.resource && a.pattern == b.pattern && a.name == b.name; }

std::string user(std::string_view name) { return std::string(kUser) + std::string(name); }

/// `User:crm` and `CN=crm,O=Example`, as people write them, with the type of principal that Kafka has before each.
std::string with_type(std::string_view principal) {
  const bool has_type = principal.find(':') < principal.find('=');
  return has_type ? std::string(principal) : user(principal);
}

std::string property_of(const Config& config, std::initializer_list<std::string_view> names) {
  std::string value;
  for (const auto& [property, text] : config.properties)
    if (std::ranges::find(names, property) != names.end()) value = text;
  return value;
}

std::string mechanism_of(const Config& config) { return property_of(config, {"sasl.mechanism", "sasl.mechanisms"}); }

/// As Java's X500Principal writes it, for the attributes that both know by name (CN, O, OU, C, L, ST, STREET, DC, UID).
std::string subject_in(BIO* pem) {
  if (pem == nullptr) return {};
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(pem, nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  if (!certificate || !out) return {};
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// Empty: there is none that could be read.
std::string subject_of(const Config& config) {
  const std::string file = property_of(config, {"ssl.certificate.location"}), text = property_of(config, {"ssl.certificate.pem"});
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(
      !text.empty() ? BIO_new_mem_buf(text.data(), static_cast<int>(text.size())) : BIO_new_file(file.c_str(), "r"), BIO_free);
  return subject_in(pem.get());
}

/// Brokers in one order, however the list was written.
std::string brokers_of(const Config& config) {
  auto hosts = place_of(config).hosts;
  std::ranges::sort(hosts);
  return fmt::format("{}", fmt::join(hosts, ","));
}

class Needs {
 public:
  Needs(Role role, std::string principal, AccessNeeds& out) : role_(role), principal_(std::move(principal)), out_(out) {}
  void add(std::string_view resource, const std::string& name, std::initializer_list<std::string_view> operations, bool is_prefix = false) {
    for (const auto operation : operations)
      out_.grants.push_back({role_, principal_, {.resource = std::string(resource), .name = name, .operation = std::string(operation), .is_prefix = is_prefix}});
  }

 private:
  Role role_;
  std::string principal_;
  AccessNeeds& out_;
};

Result<AccessNeeds> needs_of(const DestinationOptions& options, std::span<const std::string>) {
  UE_TRY_ASSIGN(const Config config, parse(options));
  UE_TRY_ASSIGN(std::string publisher, publisher_of(config, options));
  AccessNeeds out{.broker = brokers_of(config)};
  Needs ours(Role::publisher, std::move(publisher), out);
  // Read: what the topic has is read back before a producer sends. DescribeConfigs: the topic's max.message.bytes.
  ours.add("topic", config.topic, {"Write", "Describe", "Read", "DescribeConfigs"});
  if (!options.dead_letter_topic.empty()) ours.add("topic", options.dead_letter_topic, {"Write", "Describe"});
  if (property_of(config, {"allow.auto.create.topics"}) == "true") ours.add("topic", config.topic, {"Create"});
  UE_TRY_ASSIGN(const auto consumers, consumers_of(options));
  for (const auto& consumer : consumers) {
    if (!consumer.queue.empty()) return refuse_access("consumers", "has one with a queue, and Kafka has none", "group=NAME, or group=PREFIX*");
    Needs theirs(Role::consumer, with_type(consumer.principal), out);
    theirs.add("topic", config.topic, {"Read", "Describe"});
    if (!consumer.group.empty()) theirs.add("group", consumer.group, {"Read"}, consumer.group_is_prefix);
  }
  out.notes.emplace_back("brokers before Kafka 2.8 also want IdempotentWrite on the cluster for the publisher");
  if (auto problem = scram_problem(config); !problem.empty()) out.notes.push_back(std::move(problem));
  return out;
}

Result<std::string> commands_of(const DestinationOptions& options, std::span<const Grant> grants) {
  UE_TRY_ASSIGN(const Config config, parse(options));
  std::map<std::pair<std::string, Right>, std::vector<std::string>> by_resource;  // the right's operation left out
  for (const auto& grant : grants) {
    Right resource = grant.right;
    resource.operation.clear();
    auto& operations = by_resource[{grant.principal, std::move(resource)}];
    if (std::ranges::find(operations, grant.right.operation) == operations.end()) operations.push_back(grant.right.operation);
  }
  std::string out;
  for (const auto& [key, operations] : by_resource) {
    const auto& [principal, resource] = key;
    out += fmt::format("kafka-acls.sh --bootstrap-server {} --command-config admin.properties --add --allow-principal {} --operation {} --{} {}{}\n",
                       shell_word(brokers_of(config)), shell_word(principal), fmt::join(operations, " --operation "), resource.resource, shell_word(resource.name),
                       resource.is_prefix ? " --resource-pattern-type prefixed" : "");
  }
  return out;
}

Result<std::unique_ptr<AccessAdministration>> make_administration(const DestinationOptions& options) {
  UE_TRY_ASSIGN(Config config, parse(options));
  return KafkaAdministration::make(std::move(config));
}

}  // namespace

std::string text_of(const Acl& acl) {
  return fmt::format("{} {} {} on {}{} {}{}", acl.permission == RD_KAFKA_ACL_PERMISSION_TYPE_DENY ? "Deny" : "Allow", acl.principal, name_of(acl.operation),
                     acl.name == kAll ? "every " : "", name_of(acl.resource),
                     acl.name == kAll ? "" : acl.pattern == RD_KAFKA_RESOURCE_PATTERN_PREFIXED ? acl.name + "*" : acl.name,
                     acl.host == kAll ? "" : fmt::format(" from {}", acl.host));
}

Acl acl_of(const Grant& grant) {
  const auto operation = std::ranges::find(kOperations, std::string_view(grant.right.operation), &Operation::name);
  return {.resource = grant.right.resource == "group" ? RD_KAFKA_RESOURCE_GROUP : RD_KAFKA_RESOURCE_TOPIC,
          .pattern = grant.right.is_prefix ? RD_KAFKA_RESOURCE_PATTERN_PREFIXED : RD_KAFKA_RESOURCE_PATTERN_LITERAL,
          .name = grant.right.name,
          .principal = grant.principal,
          .operation = operation == kOperations.end() ? RD_KAFKA_ACL_OPERATION_UNKNOWN : operation->value};
}

std::optional<AccessEntry> entry_of(const Acl& acl, std::span<const Grant> plan) {
  AccessEntry entry{.principal = acl.principal == kEverybody ? std::string(kAnybody) : acl.principal,
                    .is_denial = acl.permission == RD_KAFKA_ACL_PERMISSION_TYPE_DENY,
                    .rights = {},
                    .goes_beyond = true,
                    .is_conditional = acl.host != kAll,
                    .is_removable = false,
                    .text = text_of(acl)};
  bool is_publishers = false, touches = false;
  std::set<Right> rights;
  for (const auto& grant : plan) {
    is_publishers |= grant.role == Role::publisher && grant.principal == acl.principal;
    const Acl asked = acl_of(grant);
    entry.is_removable |= is_same_resource(acl, asked);
    touches |= covers_resource(acl, asked) || is_within(acl, asked);
    const bool is_part = is_within(acl, asked) && !covers_resource(acl, asked);
    if ((!covers_resource(acl, asked) && !is_part) || !covers(acl.operation, asked.operation, entry.is_denial)) continue;
    rights.insert(grant.right);
    entry.is_conditional |= is_part;
    if (acl.operation == asked.operation && (is_same_resource(acl, asked) || is_part)) entry.goes_beyond = false;
  }
  entry.rights.assign(rights.begin(), rights.end());
  if (entry.is_denial ? entry.rights.empty() : !touches && !is_publishers) return std::nullopt;
  return entry;
}

Result<std::string> publisher_of(const Config& config, const DestinationOptions& options) {
  if (!options.principal.empty()) return with_type(options.principal);
  const std::string protocol = base::lowered(property_of(config, {"security.protocol"})), mechanism = mechanism_of(config);
  if (protocol.starts_with("sasl")) {
    if (mechanism != "PLAIN" && !mechanism.starts_with("SCRAM-"))
      return refuse_access("principal", "is missing: with this kafka.\"sasl.mechanism\" only the broker knows it", "principal = \"User:…\"");
    return user(property_of(config, {"sasl.username"}));
  }
  if (protocol == "ssl")
    if (std::string subject = subject_of(config); !subject.empty()) return user(subject);
  return refuse_access("principal",
                       fmt::format("cannot be told: without SASL or a client certificate (PEM) the broker takes this daemon for {}, and so everybody else",
                                   kNobody.substr(kUser.size())),
                       R"(set kafka."security.protocol" and what goes with it, or principal = "User:…")");
}

std::string scram_problem(const Config& config, int library_version) {
  if (library_version >= kFirstWithScram || !mechanism_of(config).starts_with("SCRAM-")) return {};
  return fmt::format("librdkafka {}.{}.{} cannot log in by SCRAM to Kafka 4 or later, which answers \"invalid credentials\" to right ones (mended in 2.6.1): "
                     "use SASL/PLAIN over TLS or a client certificate, or a newer library",
                     library_version >> 24, (library_version >> 16) & 0xFF, (library_version >> 8) & 0xFF);
}

const AccessControl& access_control() {
  static const AccessControl control{.needs = needs_of, .as_text = commands_of, .administration = make_administration};
  return control;
}

}  // namespace user_events::destinations::kafka
