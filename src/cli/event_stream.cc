#include "cli/event_stream.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kMaxLineBytes = 64 << 20;

}  // namespace

void EventStreamParser::reset() {
  line_.clear();
  data_.clear();
  id_.clear();
}

bool EventStreamParser::feed(std::string_view piece) {
  for (std::size_t end; (end = piece.find('\n')) != std::string_view::npos; piece.remove_prefix(end + 1)) {
    line_.append(piece.substr(0, end));
    if (line_.ends_with('\r')) line_.pop_back();
    if (!take_line(line_)) return false;
    line_.clear();
  }
  line_.append(piece);
  return line_.size() <= kMaxLineBytes;
}

bool EventStreamParser::take_line(std::string_view line) {
  if (line.empty()) {
    if (!id_.empty()) last_id_ = id_;
    const bool goes_on = data_.empty() || take_(data_);
    data_.clear();
    return goes_on;
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "id") id_ = value;
  if (field == "data") data_.append(data_.empty() ? "" : "\n").append(value);
  return data_.size() <= kMaxLineBytes;
}

}  // namespace user_events::cli
