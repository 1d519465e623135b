// How near a destination is to its lag caps (`max_lag_bytes`, `max_lag_age`), and what people are told about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "delivery/runner.h"
#include "user_events/options.h"

namespace user_events::publisher {

/// The alarm begins at this share of a cap.
inline constexpr double kAlarmShare = 0.8;
/// The alarm ends below this one: a lag that goes up and down around a threshold must not fill the log.
inline constexpr double kCalmShare = 0.6;

/// The cap that is used most.
struct LagUse {
  double share = 0;     ///< 1: at the cap. 0 without caps.
  std::string_view cap = {};  ///< Its name; empty without caps.
};

enum class LagState : std::uint8_t {
  calm,
  near,  ///< From `kAlarmShare` on, until below `kCalmShare`.
  over,  ///< From above the cap on, until below `kAlarmShare`: then it has caught up. `lag_action` applies.
};

[[nodiscard]] LagUse lag_use(const DestinationOptions& options, const delivery::RunnerStats& stats) noexcept;
[[nodiscard]] LagState next_lag_state(LagState before, double share) noexcept;
/// The word for machines: empty, `near`, `refusing` or `detached`.
[[nodiscard]] std::string_view lag_alarm(LagState state, LagAction action) noexcept;
/// One sentence for people; empty when calm.
[[nodiscard]] std::string lag_text(LagState state, LagAction action, const LagUse& use);

}  // namespace user_events::publisher
