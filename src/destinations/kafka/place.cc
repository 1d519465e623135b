// Where consumers find the topic.
#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "base/json_writer.h"
#include "destinations/kafka/config.h"

namespace user_events::destinations::kafka {
namespace {

constexpr std::string_view kDefaultPort = ":9092";

/// `PLAINTEXT://broker-1:9092,broker-2` → `broker-1:9092`, `broker-2:9092`.
void append_hosts(std::string_view list, std::vector<std::string>& hosts) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    std::string host = host_of_url(list.substr(0, end));
    std::erase_if(host, [](unsigned char c) { return std::isspace(c) != 0; });
    if (!host.empty() && host.find(':') == std::string::npos) host += kDefaultPort;
    if (!host.empty()) hosts.push_back(std::move(host));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace

Place place_of(const Config& config) {
  Place place{.protocol = "kafka", .hosts = {}, .address = address_of(config.topic), .attribute_prefix = "ce_"};
  place.headers = {{"content-type", "Media type of the value."}};
  for (const auto& [name, value] : config.properties) {
    if (name == "bootstrap.servers" || name == "metadata.broker.list") append_hosts(value, place.hosts);
    if (name == "security.protocol" && base::lowered(value).ends_with("ssl")) place.protocol = "kafka-secure";
  }
  base::ObjectWriter channel(place.channel_bindings = R"("kafka":)");
  channel.text("topic", config.topic);
  channel.text("bindingVersion", "0.5.0");
  channel.end();
  place.message_bindings =
      R"("kafka":{"key":{"type":"string","description":"The ordering key: the user's id, or a token for who is no known user."},"bindingVersion":"0.5.0"})";
  return place;
}

}  // namespace user_events::destinations::kafka
