// The settings of a NATS JetStream destination.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "destinations/name_template.h"
#include "destinations/place.h"
#include "destinations/settings.h"
#include "user_events/options.h"

namespace user_events::destinations::nats {

inline constexpr std::uint64_t kServersDefaultMaxPayload = 1'048'576;
/// Bound on the headers that come on top of a body: names, attributes, message id.
inline constexpr std::uint64_t kHeadersBytes = 4'096;

struct Config {
  std::string name;                  ///< The destination's, as the connection's name on the server.
  std::vector<std::string> servers;  ///< `nats://host:port`, without credentials.
  std::string stream;
  NameTemplate subject;
  std::string user, password, token, creds_file, nkey, nkey_seed;
  TlsSettings tls;
  std::vector<std::string> notes;  ///< Promises that `unsafe` settings reduce.
  std::uint32_t max_in_flight = 4'096;
  std::uint64_t max_message_bytes = kServersDefaultMaxPayload;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds ack_timeout{30'000};  ///< Without an acknowledgement for so long the connection is given up.
};

/// Checks everything that can be checked without a connection. Error `usage` with a field for each finding, never a value.
[[nodiscard]] Result<Config> parse(const DestinationOptions& options);

/// Where consumers find what it sends.
[[nodiscard]] Place place_of(const Config& config);

}  // namespace user_events::destinations::nats
