#include "publisher/lag_cap.h"

#include <fmt/format.h>

namespace user_events::publisher {

LagUse lag_use(const DestinationOptions& options, const delivery::RunnerStats& stats) noexcept {
  LagUse use;
  if (options.max_lag_bytes != 0)
    use = {static_cast<double>(stats.lag_bytes) / static_cast<double>(options.max_lag_bytes), "max_lag_bytes"};
  if (options.max_lag_age.count() != 0) {
    const double share = static_cast<double>(stats.lag_age.count()) / static_cast<double>(options.max_lag_age.count());
    if (use.cap.empty() || share > use.share) use = {share, "max_lag_age"};
  }
  return use;
}

LagState next_lag_state(LagState before, double share) noexcept {
  if (share > 1) return LagState::over;
  if (share >= kAlarmShare) return before == LagState::over ? LagState::over : LagState::near;
  return before == LagState::calm || share < kCalmShare ? LagState::calm : LagState::near;
}

std::string_view lag_alarm(LagState state, LagAction action) noexcept {
  if (state == LagState::calm) return {};
  if (state == LagState::near) return "near";
  return action == LagAction::refuse ? "refusing" : "detached";
}

std::string lag_text(LagState state, LagAction action, const LagUse& use) {
  const bool refuse = action == LagAction::refuse;
  switch (state) {
    case LagState::calm: return {};
    case LagState::near:
      return fmt::format("{:.0f} % of {} used: at the cap {}", use.share * 100, use.cap,
                         refuse ? "publishing is refused" : "retention no longer waits for this destination");
    case LagState::over:
      return refuse ? fmt::format("over {}: publishing is refused until it has caught up", use.cap)
                    : fmt::format("over {}: detached, retention may remove events that it has not had", use.cap);
  }
  return {};
}

}  // namespace user_events::publisher
