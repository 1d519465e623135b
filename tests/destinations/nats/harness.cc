#include "destinations/nats/harness.h"

namespace user_events::tests {

NatsServer& server() {
  static NatsServer the_server;
  the_server.start();  // does nothing while it runs
  return the_server;
}

Place::Place(NatsServer& of, const std::string& stream_settings) : nats(of) {
  static int number = 0;
  ++number;
  stream = "STREAM" + std::to_string(number);
  prefix = "stream" + std::to_string(number);
  nats.create_stream(stream, prefix + ".>", stream_settings);
}

DestinationOptions Place::options(std::map<std::string, std::string> settings) const {
  DestinationOptions options;
  options.name = "events";
  options.kind = "nats";
  options.topic = prefix + ".{type}";
  options.settings = std::move(settings);
  options.settings.try_emplace("servers", nats.url());
  options.settings.try_emplace("stream", stream);
  return options;
}

std::string Place::check(std::uint64_t count, std::uint64_t users, bool repetitions_allowed) const {
  std::vector<Arrival> arrivals;
  for (NatsMessage& message : nats.read_all(stream))
    arrivals.push_back({message.headers["ce-id"], message.headers["ce-sequence"], std::move(message.body)});
  return check_arrivals(arrivals, count, users, repetitions_allowed);
}

}  // namespace user_events::tests
