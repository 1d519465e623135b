// The one nats-server of this test program, and destinations that send to it.
#pragma once

#include "brokers/nats_server.h"
#include "destinations/driver.h"

namespace user_events::tests {

using destinations::HealthState;

/// Started at first use, running again after each test that stopped it.
NatsServer& server();
/// A stream with a subject of its own, and a destination for it. The stream's subject is the name in small letters and `.>`.
struct Place {
  explicit Place(NatsServer& of, const std::string& stream_settings = {});
  NatsServer& nats;
  std::string stream, prefix;
  [[nodiscard]] DestinationOptions options(std::map<std::string, std::string> settings = {}) const;
  [[nodiscard]] std::string check(std::uint64_t count, std::uint64_t users, bool repetitions_allowed = false) const;
};

}  // namespace user_events::tests
