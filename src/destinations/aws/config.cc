#include "destinations/aws/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "base/uri_text.h"
#include "destinations/aws/target.h"
#include "destinations/settings.h"

namespace user_events::destinations::aws {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kLeastRequestBytes = 4'096, kMostRequestBytes = 16u << 20;
constexpr std::uint32_t kMostRequestsInFlight = 256;

bool is_loopback(std::string_view url) { return !url.contains('@') && base::is_loopback_url(url); }

/// Without TLS anybody on the way can read the events; the signature only keeps them from being changed.
void check_url(SettingsReader& settings, std::string_view key, const std::string& url, bool unsafe) {
  if (url.empty() || url.starts_with("https://")) return;
  if (!url.starts_with("http://")) return settings.refuse(key, "must be an http or https URL");
  if (!unsafe && !is_loopback(url))
    settings.refuse(key, "has no TLS: the events could be read on the way", "use https, or set unsafe = true for a test endpoint");
}

void read_target(const DestinationOptions& options, Config& config, SettingsReader& settings, bool unsafe) {
  auto parsed = NameTemplate::parse(options.topic);
  if (!parsed) return settings.refuse("topic", describe(parsed.error()));
  config.target = *std::move(parsed);
  const auto target = parse_target(config.kind, config.target.expand("type"));
  if (!target) return settings.refuse("topic", target.error().message, target.error().hint);
  if (config.kind == ServiceKind::sqs && config.endpoint.empty()) check_url(settings, "topic", options.topic, unsafe);
}

void read_keys(Config& config, SettingsReader& settings) {
  config.access_key_id = settings.text("access_key_id");
  config.secret_access_key = settings.text("secret_access_key");
  config.session_token = settings.text("session_token");
  config.profile = settings.text("profile");
  if (config.access_key_id.empty() != config.secret_access_key.empty())
    settings.refuse(config.access_key_id.empty() ? "access_key_id" : "secret_access_key", "needs both access_key_id and secret_access_key");
  if (!config.session_token.empty() && config.access_key_id.empty())
    settings.refuse("session_token", "needs access_key_id and secret_access_key too");
  if (!config.profile.empty() && !config.access_key_id.empty())
    settings.refuse("profile", "and access_key_id are two sources of credentials", "give one");
}

void read_limits(Config& config, SettingsReader& settings) {
  const bool is_sqs = config.kind == ServiceKind::sqs;
  config.max_request_bytes = settings.number("max_request_bytes", is_sqs ? kSqsMaxRequestBytes : kSnsMaxRequestBytes, kLeastRequestBytes,
                                             kMostRequestBytes);
  config.max_requests_in_flight =
      static_cast<std::uint32_t>(settings.number("max_requests_in_flight", config.max_requests_in_flight, 1, kMostRequestsInFlight));
  config.linger = settings.duration("linger", config.linger, milliseconds(0), milliseconds(1'000));
  config.connect_timeout = settings.duration("connect_timeout", config.connect_timeout, milliseconds(100), milliseconds(60'000));
  config.request_timeout = settings.duration("request_timeout", config.request_timeout, milliseconds(100), milliseconds(300'000));
}

}  // namespace

std::vector<std::string_view> setting_names() {
  return {"region",        "endpoint",          "access_key_id",          "secret_access_key", "session_token",
          "profile",       "sts_endpoint",      "max_request_bytes",      "linger",            "max_requests_in_flight",
          "connect_timeout", "request_timeout", "tls_ca_file",            "tls_verify",        "unsafe"};
}

std::string name_of_type(std::string_view type) {
  std::string name(type);
  std::ranges::replace(name, '.', '-');
  return name;
}

Result<Config> parse(const DestinationOptions& options, ServiceKind kind) {
  SettingsReader settings(options);
  Config config;
  config.kind = kind;
  config.name = options.name;
  config.retry = options.retry;
  const bool unsafe = settings.flag("unsafe", false);
  config.region = settings.text("region");
  config.endpoint = settings.text("endpoint");
  config.sts_endpoint = settings.text("sts_endpoint");
  check_url(settings, "endpoint", config.endpoint, unsafe);
  check_url(settings, "sts_endpoint", config.sts_endpoint, unsafe);
  read_target(options, config, settings, unsafe);
  read_keys(config, settings);
  read_limits(config, settings);
  config.ca_file = settings.text("tls_ca_file");
  config.tls_verify = settings.flag("tls_verify", true);
  if (!config.tls_verify && !unsafe)
    settings.refuse("tls_verify", "is off: anybody could pose as the service", "name its authority in tls_ca_file, or set unsafe = true");
  if (!config.tls_verify) config.notes.push_back("unsafe: tls_verify = false: anybody could pose as the service");
  UE_TRY(settings.finish());
  return config;
}

}  // namespace user_events::destinations::aws
