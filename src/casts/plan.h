// What is done to event data on the way from one version to its neighbour.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "casts/declaration.h"
#include "catalogue/program.h"
#include "encoding/growth.h"
#include "user_events/error.h"

namespace user_events::casts {

using PlanIndex = std::uint32_t;
inline constexpr PlanIndex kNoPlan = std::numeric_limits<PlanIndex>::max();
inline constexpr std::uint32_t kNoFill = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::size_t kMaxFills = 64;         ///< Of one object.
inline constexpr std::size_t kMaxCastDepth = 32;     ///< Of what changes; below nothing is added or left out.
inline constexpr std::size_t kMaxVisits = 100'000;   ///< Of pairs of schemas while a plan is made; references can multiply them.

/// What happens to one member of an object. Members without an entry stay as they are.
struct Change {
  std::string from;            ///< `"name":` as it stands in the data.
  std::string name;            ///< In the target's schema; empty: left out.
  std::string to;              ///< The same as `from`, of that name.
  PlanIndex inner = kNoPlan;   ///< What is done to its value.
  std::uint32_t fill = kNoFill;  ///< It makes this fill unnecessary.
  std::uint32_t property = 0;  ///< Its index in the source's schema.
};

/// A member that is added when the event does not have it.
struct Fill {
  std::string name;   ///< In the target's schema.
  std::string value;  ///< JSON.
  std::string text;   ///< `"name":value`
};

/// What is done to one value: to an object's members, or to each item of an array.
struct Step {
  catalogue::NodeIndex source = catalogue::kNoNode;
  bool is_array = false;
  PlanIndex items = kNoPlan;
  std::vector<Change> changes;  ///< Sorted by `from`.
  std::vector<Fill> fills;
};

struct Plan {
  std::vector<Step> steps;
  PlanIndex root = kNoPlan;  ///< kNoPlan: the data stays as it is.
  /// Not empty: why nothing is cast this way; `obstacle_pointer` leads into the newer file.
  std::string obstacle, obstacle_pointer;
};

enum class Direction : std::uint8_t { up, down };

/// The two neighbours. `file` is the newer one's, for messages.
struct Neighbours {
  std::string_view file;
  const catalogue::Program& older;
  const catalogue::Program& newer;
  std::uint32_t older_version = 1, newer_version = 2;
  const Declaration& declared;
};

/// Never too small, whatever the data.
[[nodiscard]] encoding::Growth growth_of(const Plan& plan);

/// Works a plan out. Error `cast-invalid`: the declaration speaks of fields that are not there, or contradicts the schemas.
[[nodiscard]] Result<Plan> make_plan(const Neighbours& neighbours, Direction direction);

}  // namespace user_events::casts
