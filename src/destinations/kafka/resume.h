// Where reading back begins: what Destination::resume_state hands out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace user_events::destinations::kafka {

/// One partition: everything of ours below `next_offset` has been reported. `last_sequence` is the sequence
/// of our record at `next_offset - 1`, by which a topic made anew under the same name is told apart; 0: none
/// known there.
struct PartitionMark {
  std::int64_t next_offset = 0;
  std::uint64_t last_sequence = 0;
};

struct Resume {
  std::string cluster_id;  ///< Offsets mean nothing in another cluster,
  std::string topic;       ///< or in another topic.
  std::vector<PartitionMark> partitions;
};

/// `v1 CLUSTER TOPIC OFFSET:SEQUENCE…`, about 20 bytes a partition. An empty cluster id is written as `-`.
[[nodiscard]] std::string to_text(const Resume& resume);
/// Nothing if it is not such a text.
[[nodiscard]] std::optional<Resume> parse_resume(std::string_view text);

}  // namespace user_events::destinations::kafka
