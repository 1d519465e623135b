#include "destinations/kafka/resume.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace user_events::destinations::kafka {
namespace {

constexpr std::string_view kVersion = "v1";
constexpr std::string_view kNoCluster = "-";

std::string_view next_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

template <class Number>
bool parse_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string to_text(const Resume& resume) {
  std::string text = fmt::format("{} {} {}", kVersion,
                                 resume.cluster_id.empty() ? kNoCluster : resume.cluster_id, resume.topic);
  for (const PartitionMark& mark : resume.partitions)
    fmt::format_to(std::back_inserter(text), " {}:{}", mark.next_offset, mark.last_sequence);
  return text;
}

std::optional<Resume> parse_resume(std::string_view text) {
  if (next_word(text) != kVersion) return std::nullopt;
  Resume resume;
  resume.cluster_id = next_word(text);
  if (resume.cluster_id == kNoCluster) resume.cluster_id.clear();
  resume.topic = next_word(text);
  if (resume.topic.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::string_view word = next_word(text);
    const std::size_t colon = word.find(':');
    PartitionMark mark;
    if (colon == std::string_view::npos || !parse_number(word.substr(0, colon), mark.next_offset) ||
        !parse_number(word.substr(colon + 1), mark.last_sequence) || mark.next_offset < 0) {
      return std::nullopt;
    }
    resume.partitions.push_back(mark);
  }
  return resume;
}

}  // namespace user_events::destinations::kafka
