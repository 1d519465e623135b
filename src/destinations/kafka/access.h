// Who needs which ACLs, and what an ACL of the broker means for them. Without a broker.
#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "destinations/access.h"
#include "destinations/kafka/config.h"

namespace user_events::destinations::kafka {

/// An ACL as the broker has it.
struct Acl {
  rd_kafka_ResourceType_t resource = RD_KAFKA_RESOURCE_TOPIC;
  rd_kafka_ResourcePatternType_t pattern = RD_KAFKA_RESOURCE_PATTERN_LITERAL;
  std::string name = {}, principal = {}, host = "*";
  rd_kafka_AclOperation_t operation = RD_KAFKA_ACL_OPERATION_READ;
  rd_kafka_AclPermissionType_t permission = RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW;
};

[[nodiscard]] std::string text_of(const Acl& acl);

/// What the plan asks for, as an ACL.
[[nodiscard]] Acl acl_of(const Grant& grant);

/// Nothing if the ACL touches no right of the plan and is of none of its publishers.
[[nodiscard]] std::optional<AccessEntry> entry_of(const Acl& acl, std::span<const Grant> plan);

/// Who the broker takes us for, `User:NAME`: `principal`, else from SASL's user name or the client certificate. Error `usage`: nobody that
/// the broker could tell from others.
[[nodiscard]] Result<std::string> publisher_of(const Config& config, const DestinationOptions& options);

/// Empty, or why a login by SCRAM may fail although everything is right: the defect of librdkafka before 2.6.1.
[[nodiscard]] std::string scram_problem(const Config& config, int library_version = rd_kafka_version());

[[nodiscard]] const AccessControl& access_control();

}  // namespace user_events::destinations::kafka
