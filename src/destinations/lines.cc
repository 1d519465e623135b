#include "destinations/lines.h"

namespace user_events::destinations {

void LineBuffer::add(const Message& message) {
  if (empty()) {
    bytes_.clear();
    start_ = 0;
  }
  bytes_ += message.body;
  bytes_.push_back('\n');
  ends_.push_back({message.position.sequence, bytes_.size()});
}

void LineBuffer::consume(std::size_t count, std::vector<std::uint64_t>& written) {
  start_ += count;
  while (!ends_.empty() && ends_.front().offset <= start_) {
    written.push_back(ends_.front().sequence);
    ends_.pop_front();
  }
}

void LineBuffer::drop(std::vector<std::uint64_t>& dropped) {
  for (const End& end : ends_) dropped.push_back(end.sequence);
  ends_.clear();
  bytes_.clear();
  start_ = 0;
}

void report_all(const std::vector<std::uint64_t>& sequences, Outcome outcome, const std::string& reason, std::vector<Report>& out) {
  out.reserve(out.size() + sequences.size());
  for (const std::uint64_t sequence : sequences) out.push_back({sequence, outcome, reason});
}

}  // namespace user_events::destinations
