#include "destinations/redis/harness.h"

namespace user_events::tests {

RedisServer& server() {
  static RedisServer the_server;
  the_server.start();  // does nothing while it runs
  return the_server;
}

std::string fresh_key() {
  static int number = 0;
  return "user.events." + std::to_string(++number);
}

DestinationOptions options_for(const RedisServer& of, const std::string& key, std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = "events";
  options.kind = "redis";
  options.topic = key;
  options.settings = std::move(settings);
  options.settings.try_emplace("address", of.address());
  return options;
}

std::string check(const RedisServer& of, const std::string& key, std::uint64_t count, std::uint64_t users, bool repetitions_allowed) {
  std::vector<Arrival> arrivals;
  for (RedisEntry& entry : of.read_all(key)) arrivals.push_back({entry["ce_id"], entry["ce_sequence"], std::move(entry["data"])});
  return check_arrivals(arrivals, count, users, repetitions_allowed);
}

}  // namespace user_events::tests
