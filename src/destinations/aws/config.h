// The settings of an `sqs` or `sns` destination.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "destinations/name_template.h"
#include "destinations/place.h"
#include "user_events/options.h"

namespace user_events::destinations::aws {

enum class ServiceKind : std::uint8_t { sqs, sns };

/// Messages of one request, in both services.
inline constexpr std::size_t kMaxBatchEntries = 10;
/// What one request may hold: bodies, names and values of attributes. The services' defaults for a new queue or topic.
inline constexpr std::uint64_t kSqsMaxRequestBytes = 1'048'576, kSnsMaxRequestBytes = 262'144;
/// Bound on the attributes of one message: names and types, and the values of id (255), source (512), type (255) and the short ones.
inline constexpr std::uint64_t kAttributesBoundBytes = 1'536;
/// Both services forget a deduplication id after five minutes.
inline constexpr std::chrono::minutes kDeduplicationWindow{5};

struct Config {
  ServiceKind kind = ServiceKind::sqs;
  std::string name;                     ///< The destination's, for the log.
  NameTemplate target;                  ///< Queue URL or topic ARN.
  RetryOptions retry;
  std::string region;                   ///< Empty: the target's own, else the environment's or the profile's.
  std::string endpoint;                 ///< Empty: the service's.
  std::string access_key_id, secret_access_key, session_token;  ///< Given in the configuration; empty: looked for.
  std::string profile;                  ///< Empty: the environment's, else `default`.
  std::string sts_endpoint;             ///< Empty: the region's.
  std::uint64_t max_request_bytes = kSqsMaxRequestBytes;
  std::uint32_t max_requests_in_flight = 16;
  std::chrono::milliseconds linger{5};  ///< How long a batch waits for its tenth message.
  std::chrono::milliseconds connect_timeout{5'000}, request_timeout{10'000};
  std::string ca_file;
  bool tls_verify = true;
  std::vector<std::string> notes;       ///< Promises that `unsafe` settings void.
};

/// Checks everything that can be checked without a connection. Error `usage` with a field for each finding.
[[nodiscard]] Result<Config> parse(const DestinationOptions& options, ServiceKind kind);

/// Where consumers find what it sends.
[[nodiscard]] Place place_of(const Config& config);

/// Names of the settings both kinds take.
[[nodiscard]] std::vector<std::string_view> setting_names();

/// `user.created` → `user-created`: neither queue nor topic names have dots.
[[nodiscard]] std::string name_of_type(std::string_view type);

}  // namespace user_events::destinations::aws
