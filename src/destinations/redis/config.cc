#include "destinations/redis/config.h"

#include "base/try.h"
#include "destinations/redis/socket.h"

namespace user_events::destinations::redis {
namespace {

using namespace std::chrono_literals;

void read_address(SettingsReader& settings, Config& config) {
  const std::string text = settings.text("address");
  if (text.empty()) return settings.refuse("address", "is missing", R"(address = "127.0.0.1:6379")");
  if (auto address = parse_host_port(text, config.address.port))
    config.address = *std::move(address);
  else
    settings.refuse("address", "is not host:port", "one server, without credentials and scheme; user, password and tls are settings of their own");
}

}  // namespace

Result<Config> parse(const DestinationOptions& options) {
  Config config;
  SettingsReader settings(options);
  config.name = options.name;
  config.tls = settings.tls(settings.flag("unsafe", false));
  read_address(settings, config);
  if (options.topic.empty())
    settings.refuse("topic", "is missing", "name the stream's key: topic = \"user.events\"");
  else if (auto key = NameTemplate::parse(options.topic); !key)
    settings.refuse("topic", key.error().message, key.error().hint);
  else
    config.key = *std::move(key);
  config.user = settings.text("user");
  config.password = settings.text("password");
  if (!config.user.empty() && config.password.empty()) settings.refuse("user", "needs password");
  config.database = static_cast<std::uint32_t>(settings.number("database", 0, 0, 1'000'000));
  config.max_length = settings.number("max_length", 0, 1, 1ull << 40);
  config.wait_replicas = static_cast<std::uint32_t>(settings.number("wait_replicas", 0, 0, 100));
  config.max_in_flight = static_cast<std::uint32_t>(settings.number("max_in_flight", config.max_in_flight, 1, 65'536));
  config.max_message_bytes = settings.number("max_message_bytes", config.max_message_bytes, 1'024, kServersDefaultMaxValueBytes);
  config.connect_timeout = settings.duration("connect_timeout", config.connect_timeout, 100ms, 60s);
  config.reply_timeout = settings.duration("reply_timeout", config.reply_timeout, 500ms, 600s);
  if (config.tls.enabled)
    if (auto context = TlsContext::make(config.tls); !context) settings.refuse("tls_ca_file", context.error().message);
  if (!config.tls.verify) config.notes.emplace_back("tls_verify is off: the server's certificate is not checked");
  UE_TRY(settings.finish());
  return config;
}

}  // namespace user_events::destinations::redis
