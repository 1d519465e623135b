// Answers about dead letters, their replays and destinations, taken apart. docs/http.md says what they look like.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/publisher.h"

namespace user_events::cli {

/// One of a list.
template <class Value>
struct Line {
  Value value;
  std::string json;  ///< The same as the daemon wrote it, on one line.
};
template <class Value>
struct Lines {
  std::vector<Line<Value>> lines;
  std::uint64_t next = 0;  ///< Where the next page begins; 0: there is none.
};

[[nodiscard]] Result<Lines<DeadLetter>> parse_letters(std::string_view body);
[[nodiscard]] Result<DeadLetterDetail> parse_letter(std::string_view body);
[[nodiscard]] Result<Lines<DiscardedLetter>> parse_discarded_page(std::string_view body);
[[nodiscard]] Result<DiscardedLetter> parse_discarded_letter(std::string_view body);
[[nodiscard]] Result<DeadLetterReplay> parse_replay(std::string_view body);
[[nodiscard]] Result<Lines<DeadLetterReplay>> parse_replays(std::string_view body);
[[nodiscard]] Result<std::uint64_t> parse_discarded(std::string_view body);
[[nodiscard]] Result<RewindResult> parse_rewind(std::string_view body);
[[nodiscard]] Result<std::vector<DestinationStatus>> parse_destinations(std::string_view body);

}  // namespace user_events::cli
