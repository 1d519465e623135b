// Destinations `sqs` and `sns`. See README.md beside this file and docs/destinations/aws.md.
#pragma once

#include "destinations/destination.h"

namespace user_events::destinations {

[[nodiscard]] Kind sqs_kind();
[[nodiscard]] Kind sns_kind();

}  // namespace user_events::destinations
