#include "destinations/gate.h"

#include <algorithm>
#include <cmath>

#include "destinations/backoff.h"

namespace user_events::destinations {

using std::chrono::milliseconds;

void Gate::close(Time now, milliseconds longest, milliseconds least) {
  if (state_ != State::open) return;
  probe_failed(now, longest, least);
}

void Gate::close_at_start(Time now) noexcept {
  state_ = State::closed;
  failures_ = 0;
  until_ = now;
}

void Gate::probe_failed(Time now, milliseconds longest, milliseconds least) {
  constexpr std::uint32_t kMaxExponent = 30;
  const double grown = static_cast<double>(retry_.initial.count()) * std::pow(retry_.factor, std::min(failures_, kMaxExponent));
  const double most = std::min(grown, static_cast<double>(std::min(longest, retry_.max).count()));
  const auto pause = std::max(with_jitter(milliseconds(static_cast<std::int64_t>(most))), least);
  ++failures_;
  state_ = State::closed;
  until_ = now + pause;
}

}  // namespace user_events::destinations
