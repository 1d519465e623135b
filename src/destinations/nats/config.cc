#include "destinations/nats/config.h"

#include <nats/nats.h>

#include <algorithm>
#include <cstdlib>

#include "base/try.h"
#include "destinations/nats/handles.h"

namespace user_events::destinations::nats {
namespace {

using namespace std::chrono_literals;

bool is_printable(char c) { return c > ' ' && c < 0x7F; }

/// A subject to publish to: tokens between dots, none empty, no wildcard.
bool is_subject(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) { return is_printable(c) && c != '*' && c != '>'; });
}

bool is_stream_name(std::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         std::ranges::all_of(text, [](char c) { return is_printable(c) && std::string_view(".*>/\\").find(c) == std::string_view::npos; });
}

void read_servers(SettingsReader& settings, Config& config) {
  config.servers = settings.list("servers");
  if (config.servers.empty()) settings.refuse("servers", "is missing", R"(servers = ["nats://127.0.0.1:4222"])");
  for (const std::string& url : config.servers) {
    if (url.find('@') != std::string::npos)
      settings.refuse("servers", "holds credentials", "give user and password, or token, as settings of their own");
    if (!url.starts_with("nats://") && !url.starts_with("tls://")) settings.refuse("servers", "holds something else than nats:// and tls:// URLs");
  }
  if (std::ranges::any_of(config.servers, [](const std::string& url) { return url.starts_with("tls://"); })) config.tls.enabled = true;
}

void read_credentials(SettingsReader& settings, Config& config) {
  config.user = settings.text("user");
  config.password = settings.text("password");
  config.token = settings.text("token");
  config.creds_file = settings.text("creds_file");
  config.nkey = settings.text("nkey");
  config.nkey_seed = settings.text("nkey_seed");
  if (config.nkey.empty() != config.nkey_seed.empty()) settings.refuse("nkey", "needs both nkey (the public key) and nkey_seed");
  if (config.user.empty() && !config.password.empty()) settings.refuse("password", "needs user");
  const int ways = static_cast<int>(!config.user.empty()) + static_cast<int>(!config.token.empty()) +
                   static_cast<int>(!config.creds_file.empty()) + static_cast<int>(!config.nkey_seed.empty());
  if (ways > 1) settings.refuse("user", "is one of several ways to sign in that are given", "give one of user, token, creds_file, nkey_seed");
}

/// Files that must be read and a seed that must be understood.
void check_by_making(SettingsReader& settings, const Config& config) {
  Options options;
  if (natsOptions_Create(options.put()) != NATS_OK) return;
  if (!config.tls.ca_file.empty() && natsOptions_LoadCATrustedCertificates(options.get(), config.tls.ca_file.c_str()) != NATS_OK)
    settings.refuse("tls_ca_file", "names a file that holds no certificates or cannot be read");
  if (!config.tls.cert_file.empty() && !config.tls.key_file.empty() &&
      natsOptions_LoadCertificatesChain(options.get(), config.tls.cert_file.c_str(), config.tls.key_file.c_str()) != NATS_OK)
    settings.refuse("tls_cert_file", "and tls_key_file are no certificate and its key, or cannot be read");
  if (!config.nkey_seed.empty()) {
    unsigned char* signature = nullptr;
    int bytes = 0;
    if (nats_Sign(config.nkey_seed.c_str(), "nonce", &signature, &bytes) != NATS_OK)
      settings.refuse("nkey_seed", "is not the seed of a user's NKey", "it begins with SU");
    std::free(signature);
  }
}

}  // namespace

Result<Config> parse(const DestinationOptions& options) {
  Config config;
  SettingsReader settings(options);
  config.name = options.name;
  const bool unsafe = settings.flag("unsafe", false);
  config.tls = settings.tls(unsafe);
  read_servers(settings, config);
  config.stream = settings.text("stream");
  if (!is_stream_name(config.stream))
    settings.refuse("stream", config.stream.empty() ? "is missing" : "is not the name of a stream", "name the stream that stores the subject");
  if (auto subject = NameTemplate::parse(options.topic); !subject)
    settings.refuse("topic", subject.error().message, subject.error().hint);
  else if (!is_subject(subject->expand("type")))
    settings.refuse("topic", options.topic.empty() ? "is missing" : "is not a subject to publish to", "topic = \"user.events.{type}\"");
  else
    config.subject = *std::move(subject);
  read_credentials(settings, config);
  config.max_in_flight = static_cast<std::uint32_t>(settings.number("max_in_flight", config.max_in_flight, 1, 65'536));
  config.max_message_bytes = settings.number("max_message_bytes", config.max_message_bytes, 2 * kHeadersBytes, 64u << 20);
  config.connect_timeout = settings.duration("connect_timeout", config.connect_timeout, 100ms, 60s);
  config.ack_timeout = settings.duration("ack_timeout", config.ack_timeout, 500ms, 600s);
  check_by_making(settings, config);
  if (!config.tls.verify) config.notes.emplace_back("tls_verify is off: the server's certificate is not checked");
  UE_TRY(settings.finish());
  return config;
}

}  // namespace user_events::destinations::nats
