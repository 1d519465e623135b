// Where messages go: an SQS queue or an SNS topic.
#pragma once

#include <string>
#include <string_view>

#include "destinations/aws/config.h"
#include "user_events/error.h"

namespace user_events::destinations::aws {

struct TargetName {
  std::string id;        ///< Queue URL or topic ARN, as the service wants it.
  std::string endpoint;  ///< The service's own for it: `https://sqs.eu-west-1.amazonaws.com/`.
  std::string region;    ///< As the name tells; empty: it does not.
  bool fifo = false;     ///< The name ends in `.fifo`.
};

/// Error `usage` if `id` is neither a queue URL (sqs) nor a topic ARN (sns).
[[nodiscard]] Result<TargetName> parse_target(ServiceKind kind, std::string_view id);

/// `amazonaws.com`, in China `amazonaws.com.cn`.
[[nodiscard]] std::string_view domain_of_region(std::string_view region) noexcept;

}  // namespace user_events::destinations::aws
