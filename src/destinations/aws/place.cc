// Where consumers find the queues or topics.
#include "base/json_writer.h"
#include "destinations/aws/config.h"
#include "destinations/aws/target.h"

namespace user_events::destinations::aws {
namespace {

constexpr std::string_view kAnyType = "user-created";

/// The name of a queue or topic: behind the last `/` or `:` of its URL or ARN.
std::string name_in(const std::string& id) { return id.substr(id.find_last_of("/:") + 1); }

}  // namespace

Place place_of(const Config& config) {
  const auto target = parse_target(config.kind, config.target.expand(kAnyType));  // checked when the settings were read
  const std::string service = config.kind == ServiceKind::sqs ? "sqs" : "sns";
  Place place{.protocol = service, .hosts = {host_of_url(!config.endpoint.empty() ? config.endpoint : target ? target->endpoint : service)},
              .address = address_of(config.target), .type_in_address = name_of_type, .attribute_prefix = ""};
  place.attributes = {"type", "id", "source", "sequence", "journalid", "replay"};
  place.headers = {{"content-type", "Media type of the body."}};
  const bool fifo = target && target->fifo;
  const std::string name = name_in(config.target.expand("{type}"));
  base::ObjectWriter channel(place.channel_bindings = '"' + service + "\":");
  if (config.kind == ServiceKind::sqs) {
    std::string queue;
    base::ObjectWriter object(queue);
    object.text("name", name);
    object.boolean("fifoQueue", fifo);
    object.end();
    channel.raw("queue", queue);
    channel.text("bindingVersion", "0.2.0");
  } else {
    channel.text("name", name);
    channel.raw("ordering", fifo ? R"({"type":"FIFO","contentBasedDeduplication":false})" : R"({"type":"standard"})");
    channel.text("bindingVersion", "0.1.0");
  }
  channel.end();
  return place;
}

}  // namespace user_events::destinations::aws
