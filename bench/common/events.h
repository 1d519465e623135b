// The events that the benchmarks send, for a destination's adapter and for the bare client beside it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/destination.h"

namespace user_events::bench {

inline constexpr std::uint32_t kUsers = 100'000;
inline constexpr std::string_view kJournalId = "01890a5d-ac96-774b-bcce-b302099a8057";

struct Event {
  std::string id, user, data;
};

/// `user.created` of random ones of kUsers users; the same in each run.
[[nodiscard]] std::vector<Event> make_events(std::size_t count);
/// Each of a user of its own: as the delivery core hands out what may be in flight at one time.
[[nodiscard]] std::vector<Event> make_events_of_distinct_users(std::size_t count);

/// Views into `event`.
[[nodiscard]] destinations::Message message_of(const Event& event, std::uint64_t sequence);
/// The 20 digits that go into headers.
[[nodiscard]] std::string sequence_text(std::uint64_t sequence);

/// Starts the adapter and polls until it is up. Ends the program if a setting can never work.
void start_and_wait(destinations::Destination& destination);
/// Sends all, numbered from `first_sequence`, and waits until all are accepted. Ends the program on any other outcome.
void send_all(destinations::Destination& destination, const std::vector<Event>& events, std::uint64_t first_sequence = 1);

}  // namespace user_events::bench
