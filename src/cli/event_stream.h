// Server-Sent Events, read back (WHATWG HTML, "Parsing an event stream"): what `tail --follow` needs of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace user_events::cli {

class EventStreamParser {
 public:
  /// `take` gets the data of each event; false ends the parsing.
  explicit EventStreamParser(std::function<bool(std::string_view data)> take) : take_(std::move(take)) {}

  /// False: `take` wants no more, or a line is longer than 64 MiB.
  bool feed(std::string_view piece);
  /// The last `id` of a complete event; empty before the first.
  [[nodiscard]] const std::string& last_id() const noexcept { return last_id_; }
  /// After a lost connection: what was incomplete is sent again.
  void reset();

 private:
  bool take_line(std::string_view line);

  std::function<bool(std::string_view)> take_;
  std::string line_, data_, id_, last_id_;
};

}  // namespace user_events::cli
