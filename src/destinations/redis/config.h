// The settings of a Redis Streams destination.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "destinations/name_template.h"
#include "destinations/place.h"
#include "destinations/settings.h"
#include "user_events/options.h"

namespace user_events::destinations::redis {

/// Redis' own limit of one value (`proto-max-bulk-len`).
inline constexpr std::uint64_t kServersDefaultMaxValueBytes = 512ull << 20;

struct Config {
  std::string name;
  HostPort address{.host = {}, .port = 6'379};
  std::uint32_t database = 0;
  NameTemplate key;
  std::uint64_t max_length = 0;     ///< MAXLEN ~; 0: never trimmed.
  std::uint32_t wait_replicas = 0;  ///< Accepted means: on so many replicas, too.
  std::string user, password;
  TlsSettings tls;
  std::vector<std::string> notes;   ///< Promises that settings reduce.
  std::uint32_t max_in_flight = 4'096;
  std::uint64_t max_message_bytes = 16u << 20;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds reply_timeout{30'000};  ///< Without a reply for so long the connection is given up.
};

/// Checks everything that can be checked without a connection. Error `usage` with a field for each finding, never a value.
[[nodiscard]] Result<Config> parse(const DestinationOptions& options);

/// Where consumers find what it sends.
[[nodiscard]] Place place_of(const Config& config);

}  // namespace user_events::destinations::redis
