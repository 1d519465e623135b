// One event as a Kafka record: its headers, its exact size, and the marks by which it is known again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "destinations/destination.h"
#include "destinations/kafka/client.h"

namespace user_events::destinations::kafka {

/// In every format, so that a record can be matched with the journal's: where it stands and which event it
/// is.
inline constexpr std::string_view kIdHeader = "ce_id";
inline constexpr std::string_view kJournalHeader = "ce_journalid";
inline constexpr std::string_view kSequenceHeader = "ce_sequence";

/// The headers after the CloudEvents Kafka protocol binding, and always the three above; the message's further ones; of a dead letter
/// its cause. `headers_bytes` is set to their serialised size with the count.
[[nodiscard]] Headers make_headers(const Message& message, std::size_t& headers_bytes);

/// Serialised size of a message's headers with the count.
[[nodiscard]] std::size_t headers_bytes(const rd_kafka_headers_t* headers);

/// The size of a record batch (magic 2) that holds this record alone, uncompressed: what the broker compares
/// with the topic's max.message.bytes. Format: Kafka protocol guide, "Record Batch".
[[nodiscard]] std::uint64_t lone_batch_bytes(std::size_t key_bytes, std::size_t body_bytes,
                                             std::size_t headers_bytes) noexcept;

/// What a record's headers say of where it came from.
struct Marks {
  std::string_view journal_id;
  std::uint64_t sequence = 0;
  std::string_view id;
};

/// The marks of a consumed message; the views live as long as the message. Nothing if it carries none of
/// ours.
[[nodiscard]] std::optional<Marks> read_marks(const rd_kafka_message_t* message);

}  // namespace user_events::destinations::kafka
