#include "registry/subject.h"

namespace user_events::registry {

std::optional<SubjectStrategy> parse_strategy(std::string_view word) noexcept {
  if (word == "topic") return SubjectStrategy::topic;
  if (word == "record") return SubjectStrategy::record;
  if (word == "topic-record") return SubjectStrategy::topic_record;
  return std::nullopt;
}

std::string subject_name(SubjectStrategy strategy, std::string_view topic, std::string_view record) {
  switch (strategy) {
    case SubjectStrategy::topic:
      return std::string(topic) + "-value";
    case SubjectStrategy::record:
      return std::string(record);
    case SubjectStrategy::topic_record:
      return std::string(topic) + "-" + std::string(record);
  }
  return {};
}

}  // namespace user_events::registry
