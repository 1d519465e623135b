// What the destinations that write lines (NDJSON) share: which event ends where.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/destination.h"

namespace user_events::destinations {

/// Events as lines, waiting to be written. Not thread-safe.
class LineBuffer {
 public:
  void add(const Message& message);
  [[nodiscard]] bool empty() const noexcept { return start_ == bytes_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - start_; }
  [[nodiscard]] std::string_view bytes() const noexcept { return std::string_view(bytes_).substr(start_); }
  /// The first `count` bytes are written: appends the sequences whose lines are now written whole.
  void consume(std::size_t count, std::vector<std::uint64_t>& written);
  /// Gives up what is left: appends its sequences.
  void drop(std::vector<std::uint64_t>& dropped);

 private:
  struct End {
    std::uint64_t sequence;
    std::size_t offset;  // in bytes_
  };
  std::string bytes_;
  std::size_t start_ = 0;
  std::deque<End> ends_;
};

/// Appends one report a sequence.
void report_all(const std::vector<std::uint64_t>& sequences, Outcome outcome, const std::string& reason, std::vector<Report>& out);

/// A body on one line, and nothing beside it.
inline constexpr Carries kLineCarries{.headers = false, .further_headers = false, .binary = false};

}  // namespace user_events::destinations
