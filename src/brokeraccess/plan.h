// The configuration → who must be able to do what at each broker.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "destinations/destination.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::brokeraccess {

struct PlannedGrant {
  std::string destination;
  destinations::Grant grant;
};

/// Destinations that share a broker's access control: one user of it can be the publisher of several.
struct BrokerPlan {
  const destinations::Kind* kind = nullptr;
  std::string broker;
  std::vector<const DestinationOptions*> destinations = {};
  std::vector<PlannedGrant> grants = {};  ///< In the order of the file.
  std::vector<std::string> notes = {};

  /// Without the destinations, each once.
  [[nodiscard]] std::vector<destinations::Grant> distinct() const;
};

/// A destination whose readers the broker's administration does not know.
struct Unadministered {
  std::string destination, kind;
  std::string_view advice;
};

struct Plan {
  std::vector<BrokerPlan> brokers;
  std::vector<Unadministered> others;
  std::vector<FieldError> problems;  ///< Settings that are missing or wrong for a plan; `pointer` is `destination.NAME.key`.
};

/// `types` are all event types that there are. Pointers go into `options`, which must outlive the plan.
[[nodiscard]] Plan make_plan(const Options& options, std::span<const std::string> types);

/// Leaves only what concerns the destination `name`: its broker with everything that is planned there. False: there is no such destination.
[[nodiscard]] bool keep_only(Plan& plan, std::string_view name);

}  // namespace user_events::brokeraccess
