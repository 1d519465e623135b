// The one redis-server of this test program, and destinations that send to it.
#pragma once

#include "brokers/redis_server.h"
#include "destinations/driver.h"

namespace user_events::tests {

using destinations::HealthState;

/// Started at first use, running again after each test that stopped it.
RedisServer& server();
/// A key that was not used before.
std::string fresh_key();
DestinationOptions options_for(const RedisServer& server, const std::string& key, std::map<std::string, std::string> settings = {});
/// See check_arrivals.
std::string check(const RedisServer& server, const std::string& key, std::uint64_t count, std::uint64_t users, bool repetitions_allowed = false);

}  // namespace user_events::tests
