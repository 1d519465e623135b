// The settings of a webhook destination.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "destinations/place.h"
#include "destinations/webhook/signature.h"
#include "user_events/options.h"

namespace user_events::destinations::webhook {

/// Old and new ones together.
inline constexpr std::size_t kMaxSecrets = 8;
inline constexpr std::size_t kMaxHeaders = 32, kMaxHeaderBytes = 8'192;

struct Config {
  std::string name;    ///< The destination's, for the log.
  std::string url;     ///< Path and query can hold a secret: never shown.
  std::string origin;  ///< Scheme, host and port of it: what is shown.
  std::vector<SigningSecret> secrets;
  std::vector<std::string> headers;  ///< `Name: value`, sent with each event. Secret.
  RetryOptions retry;
  bool allow_private_networks = false;
  bool pushes_tokens = false;  ///< `format = "set"`: RFC 8935.
  std::uint32_t max_in_flight = 8;
  std::chrono::milliseconds connect_timeout{5'000}, request_timeout{15'000};
  std::string ca_file, cert_file, key_file;
  bool tls_verify = true;
  std::vector<std::string> notes;  ///< Promises that settings reduce.
};

/// Checks everything that can be checked without a connection. Error `usage` with a field for each finding,
/// never a value.
[[nodiscard]] Result<Config> parse(const DestinationOptions& options);

/// Where consumers find what it sends.
[[nodiscard]] Place place_of(const Config& config);

}  // namespace user_events::destinations::webhook
