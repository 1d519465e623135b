// Rules that make chatty event types fewer at one destination.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/type_filter.h"
#include "user_events/error.h"

namespace user_events::base {

/// `user.loggedin sample=0.1`                       a tenth of them, chosen by event id
/// `user.login.failed limit=100 per=1m by=ipAddress` at most so many of one source in each minute
/// `user.login.failed fold=10s by=ipAddress`         one for all of one source in each ten seconds, with their number
struct VolumeRule {
  enum class Action : std::uint8_t { sample, limit, fold };
  TypeFilter types;
  Action action = Action::sample;
  double sample = 1.0;                    ///< Part that is sent, above 0, at most 1.
  std::uint32_t limit = 0;                ///< At least 1.
  std::chrono::milliseconds period{0};    ///< `per` of a limit, or the fold: 100 ms to 24 h.
  std::string by;                         ///< What is one source: a text field of the data; empty: the partition key.

  /// Error `usage` says what is wrong with which word.
  [[nodiscard]] static Result<VolumeRule> parse(std::string_view text);
};

}  // namespace user_events::base
