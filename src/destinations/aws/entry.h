// One event as one message of a batch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/destination.h"

namespace user_events::destinations::aws {

struct Attribute {
  std::string_view name;  ///< Lives for ever.
  std::string value;      ///< The type of all of them is `String`.
};

struct Entry {
  std::uint64_t sequence = 0;
  std::string body;
  std::vector<Attribute> attributes;  ///< type, id, source, sequence, journalid, content-type, replay after a replay, the message's further
                                      ///< headers, and three of a dead letter's cause; of more than the ten that SQS allows, the first ten.
  std::string group_id, deduplication_id;  ///< FIFO only.
  std::uint64_t bytes = 0;                 ///< What the services count: body, and name, type and value of each attribute.
};

[[nodiscard]] Entry make_entry(const Message& message, bool fifo);

/// Groups are users. 32 hexadecimal digits of SHA-256: legal as MessageGroupId whatever the key, and nothing of it can be read.
[[nodiscard]] std::string group_id(std::string_view key);

/// The event id, and after an explicit replay "." and its generation; an id that is too long for a MessageDeduplicationId or has
/// characters that it may not have is replaced by its SHA-256.
[[nodiscard]] std::string fifo_deduplication_id(const Message& message);

}  // namespace user_events::destinations::aws
