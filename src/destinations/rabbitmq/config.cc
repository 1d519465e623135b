#include "destinations/rabbitmq/config.h"

#include <array>

#include "base/try.h"

namespace user_events::destinations::rabbitmq {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t kPlainPort = 5'672, kTlsPort = 5'671;

bool is_name(std::string_view text) {
  return text.size() <= kMaxShortBytes && text.find_first_of("\r\n\t") == std::string_view::npos;
}

/// The index of the value in `choices`; the first is the default.
std::size_t choice(SettingsReader& reader, std::string_view key, std::initializer_list<std::string_view> choices) {
  const std::string value = reader.text(key, *choices.begin());
  std::string all;
  for (std::size_t i = 0; const auto one : choices) {
    if (one == value) return i;
    all += (i++ == 0 ? "" : ", ") + std::string(one);
  }
  reader.refuse(key, "must be one of " + all);
  return 0;
}

void read_connection(SettingsReader& reader, Config& config) {
  const bool unsafe = reader.flag("unsafe", false);
  config.tls = reader.tls(unsafe);
  if (config.tls.enabled && !config.tls.verify) config.notes.emplace_back("unsafe: tls_verify = false voids that the broker is who it says it is");
  for (const auto& one : reader.list("hosts")) {
    if (auto host = parse_host_port(one, config.tls.enabled ? kTlsPort : kPlainPort))
      config.hosts.push_back(*std::move(host));
    else
      reader.refuse("hosts", "has one that is no host:port", "no user, password or vhost belongs here");
  }
  if (!reader.has("hosts")) reader.refuse("hosts", "is missing", R"(hosts = "broker-1:5672,broker-2:5672")");
  config.vhost = reader.text("vhost", "/");
  config.management_url = reader.text("management_url");
  config.user = reader.text("user", "guest");
  config.password = reader.text("password", "guest");
  config.heartbeat = std::chrono::duration_cast<std::chrono::seconds>(
      reader.duration("heartbeat", config.heartbeat, milliseconds(1'000), std::chrono::minutes(10)));
  config.connect_timeout = reader.duration("connect_timeout", config.connect_timeout, milliseconds(100), std::chrono::minutes(1));
  config.confirm_timeout = reader.duration("confirm_timeout", config.confirm_timeout, milliseconds(1'000), std::chrono::minutes(10));
  config.reconnect_max = reader.duration("reconnect_max", config.reconnect_max, milliseconds(100), std::chrono::minutes(10));
}

void read_topology(SettingsReader& reader, Config& config) {
  constexpr std::string_view kAnyType = "#";
  config.declare = std::array{Declare::check, Declare::none, Declare::create}[choice(reader, "declare", {"check", "none", "create"})];
  config.queue = reader.text("queue");
  config.queue_type = choice(reader, "queue_type", {"quorum", "classic"}) == 0 ? QueueType::quorum : QueueType::classic;
  config.binding_key = reader.text("binding_key", kAnyType);
  if (!is_name(config.queue)) reader.refuse("queue", "is no name of a queue", "at most 255 bytes");
  if (!is_name(config.binding_key)) reader.refuse("binding_key", "is no binding key", "at most 255 bytes");
  for (const std::string_view key : {"queue_type", "binding_key"})
    if (reader.has(key) && (config.declare != Declare::create || config.queue.empty()))
      reader.refuse(key, "is used only for a queue that is made", R"(set queue and declare = "create", or remove it)");
}

void read_sending(SettingsReader& reader, Config& config) {
  if (auto routing_key = NameTemplate::parse(reader.text("routing_key", "{type}")))
    config.routing_key = *std::move(routing_key);
  else
    reader.refuse("routing_key", routing_key.error().message, routing_key.error().hint);
  config.unroutable = choice(reader, "unroutable", {"retry", "dead-letter"}) == 0 ? Unroutable::retry : Unroutable::dead_letter;
  config.max_in_flight = static_cast<std::uint32_t>(reader.number("max_in_flight", config.max_in_flight, 1, 60'000));
  config.max_message_bytes = reader.number("max_message_bytes", config.max_message_bytes, 1'024, 512ull << 20);
}

}  // namespace

Result<Config> parse(const DestinationOptions& options) {
  Config config;
  SettingsReader reader(options);
  config.name = options.name;
  config.exchange = options.topic;
  if (config.exchange.empty())
    reader.refuse("topic", "is missing", "name the exchange to send to: topic = \"user.events\"");
  else if (!is_name(config.exchange))
    reader.refuse("topic", "is no name of an exchange", "at most 255 bytes");
  read_connection(reader, config);
  read_topology(reader, config);
  read_sending(reader, config);
  UE_TRY(reader.finish());
  return config;
}

}  // namespace user_events::destinations::rabbitmq
