// Under which name a schema stands in a registry: Confluent's subject name strategies
// (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#subject-name-strategy).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace user_events::registry {

enum class SubjectStrategy : std::uint8_t {
  topic,         ///< `TOPIC-value`: all types of a topic share a subject.
  record,        ///< The record's full name.
  topic_record,  ///< `TOPIC-RECORD`.
};

/// `topic`, `record`, `topic-record`; nothing for another word.
[[nodiscard]] std::optional<SubjectStrategy> parse_strategy(std::string_view word) noexcept;

[[nodiscard]] std::string subject_name(SubjectStrategy strategy, std::string_view topic, std::string_view record);

}  // namespace user_events::registry
