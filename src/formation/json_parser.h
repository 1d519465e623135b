// simdjson with a bound on depth and on the memory that a thread keeps.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::formation {

/// One per thread. What `parse` returned is valid until the next call.
class JsonParser {
 public:
  /// A thread keeps the memory for texts up to this size (about 20 bytes a byte of text); for larger ones it
  /// is given back by `trim`.
  static constexpr std::size_t kKeptTextBytes = 256u << 10;

  [[nodiscard]] static JsonParser& of_thread() noexcept;

  /// Parses one JSON document of at most `max_depth` levels of arrays and objects (an empty one at the bottom
  /// counts as none). Error `malformed` names
  /// the rule, and `where` (the pointer of the event, may be empty). No allocation once the thread has seen a
  /// text as large.
  [[nodiscard]] Result<simdjson::dom::element> parse(std::string_view text, std::uint32_t max_depth,
                                                     std::string_view where);

  /// Scratch of the same life: the extension attributes of the event at hand, and data as it was submitted.
  [[nodiscard]] std::string& extensions() noexcept { return extensions_; }
  [[nodiscard]] std::string& submitted() noexcept { return submitted_; }

  /// Gives back what is beyond kKeptTextBytes.
  void trim() noexcept;

 private:
  [[nodiscard]] bool prepare(std::size_t text_bytes, std::uint32_t max_depth);

  simdjson::dom::parser parser_;
  std::string padded_, extensions_, submitted_;
};

}  // namespace user_events::formation
