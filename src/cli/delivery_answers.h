// Answers about dead letters, their replays and destinations, taken apart. docs/http.md says what they look like.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/publisher.h"

namespace user_events::cli {

struct LetterLine {
  DeadLetter letter;
  std::string json;  ///< The same as the daemon wrote it, on one line.
};
struct LetterPage {
  std::vector<LetterLine> letters;
  std::uint64_t next = 0;  ///< 0: there is none.
};
[[nodiscard]] Result<LetterPage> parse_letters(std::string_view body);
[[nodiscard]] Result<DeadLetterDetail> parse_letter(std::string_view body);
struct DiscardedLine {
  DiscardedLetter letter;
  std::string json;  ///< As LetterLine's.
};
struct DiscardedLines {
  std::vector<DiscardedLine> letters;
  std::uint64_t next = 0;  ///< 0: there is none.
};
[[nodiscard]] Result<DiscardedLines> parse_discarded_page(std::string_view body);
[[nodiscard]] Result<DiscardedLetter> parse_discarded_letter(std::string_view body);
[[nodiscard]] Result<DeadLetterReplay> parse_replay(std::string_view body);
struct ReplayLine {
  DeadLetterReplay replay;
  std::string json;  ///< As LetterLine's.
};
[[nodiscard]] Result<std::vector<ReplayLine>> parse_replays(std::string_view body);
[[nodiscard]] Result<std::uint64_t> parse_discarded(std::string_view body);
[[nodiscard]] Result<RewindResult> parse_rewind(std::string_view body);
[[nodiscard]] Result<std::vector<DestinationStatus>> parse_destinations(std::string_view body);

}  // namespace user_events::cli
