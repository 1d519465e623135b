// The two ways between neighbouring versions, and what can be shown of them.
#pragma once

#include <string>
#include <string_view>

#include "casts/plan.h"
#include "compatibility/compatibility.h"
#include "user_events/error.h"

namespace user_events::casts {

/// One version of a schema. Refers to what must outlive it.
struct Side {
  std::string file;  ///< For messages.
  std::string_view text;
  const catalogue::Program& program;
  std::uint32_t version = 1;
};

/// Whether all that a plan makes of valid data is valid; if that could not be shown, what stands against it.
struct Proof {
  bool is_shown = false;
  std::string pointer, reason;  ///< `pointer` leads into the newer file, if it is the target.
};

struct ProvenPlan {
  Plan plan;
  Proof proof;
};

struct Ways {
  bool is_none = false;  ///< Declared so; nothing else is set.
  ProvenPlan up, down;
};

/// Error `cast-invalid`: what `newer` declares is wrong.
[[nodiscard]] Result<Ways> work_out(const Side& older, const Side& newer);

}  // namespace user_events::casts
