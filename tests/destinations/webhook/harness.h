// The one receiver of this test program, and destinations that send to it.
#pragma once

#include "brokers/webhook_receiver.h"
#include "destinations/driver.h"

namespace user_events::tests {

using destinations::HealthState;

/// Started at first use, running again after each test that stopped it.
WebhookReceiver& receiver();
/// A place that was not used before, which answers by these lines.
std::string fresh_place(const std::string& answers = {});
/// With what loopback needs.
DestinationOptions options_for(const std::string& url, std::map<std::string, std::string> settings = {});
/// What the receiver took (status 2xx) of `place`; see check_arrivals.
std::string check(const std::string& place, std::uint64_t count, std::uint64_t users,
                  bool repetitions_allowed = false);

}  // namespace user_events::tests
