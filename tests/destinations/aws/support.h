// What the tests on real emulators share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "brokers/aws_emulator.h"
#include "destinations/aws/destination.h"
#include "destinations/driver.h"

namespace user_events::tests {

/// The one of each in this test program; started at first use, running again after each test that stopped it.
AwsEmulator& elasticmq();
AwsEmulator& moto();

/// A name that was not used before.
std::string fresh_name(const std::string& ending = {});

/// Keys `test`/`test`, region us-east-1, short pauses.
DestinationOptions sqs_options(const std::string& queue_url, std::map<std::string, std::string> settings = {});
DestinationOptions sns_options(const std::string& topic_arn, const AwsEmulator& emulator, std::map<std::string, std::string> settings = {});

std::vector<Arrival> arrivals_of(const std::vector<QueueMessage>& messages);
const destinations::aws::AwsDestination::Statistics& statistics_of(Driver& driver);

}  // namespace user_events::tests
