// The events that the benchmark sends: for the library, for a destination's adapter, and finished for the
// bare client beside them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/destination.h"
#include "user_events/publisher.h"

namespace user_events::bench {

inline constexpr std::uint32_t kUsers = 100'000;
inline constexpr std::string_view kJournalId = "01890a5d-ac96-774b-bcce-b302099a8057";
inline constexpr std::size_t kWarmEvents = 100;

/// A user.created in all its forms.
struct Event {
  std::uint64_t number = 0;  ///< Its sequence.
  std::string sequence;      ///< As 20 digits, as in headers.
  std::string id, user;
  std::string data;  ///< What the journal hands to an adapter.
  std::string body;  ///< CloudEvents JSON: what a bare client sends.
};

enum class Skew : std::uint8_t {
  none,  ///< Every user as often as any other.
  zipf,  ///< Exponent 1: the first of them has 8 % of the events, 1 % of them have 62 %.
};

struct Load {
  std::vector<Event> events;
  std::vector<AnyEvent> typed;  ///< The same for the library.
  std::vector<Event> warm;      ///< kWarmEvents others: sent first, so that connecting is not measured.
};

/// The same in each run.
[[nodiscard]] Load make_load(std::size_t events, Skew skew);

/// Encoded for a destination of the default format. Valid as long as `event`, and until the next call on this thread.
[[nodiscard]] destinations::Message message_of(const Event& event);

}  // namespace user_events::bench
