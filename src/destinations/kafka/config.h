// The settings of a Kafka destination: checked once, turned into librdkafka configurations on demand.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "destinations/kafka/client.h"
#include "destinations/place.h"
#include "user_events/options.h"

namespace user_events::destinations::kafka {

/// Messages in librdkafka's queue. With 450-byte events some 30 MiB; more made nothing faster when measured.
inline constexpr std::uint32_t kMaxQueuedMessages = 20'000;
inline constexpr std::uint32_t kMaxQueuedKilobytes = 32 * 1024;
/// Reading back holds this much at most.
inline constexpr std::uint32_t kMaxFetchedKilobytes = 8 * 1024;
/// librdkafka's own default of `message.max.bytes`, below Kafka's default of a topic's `max.message.bytes`.
inline constexpr std::uint64_t kDefaultMaxMessageBytes = 1'000'000;
/// Of a dead letter's copy, whose topic's limit is not asked for: half of the queue.
inline constexpr std::uint64_t kMaxCopyBytes = kMaxQueuedKilobytes * 1024ull / 2;
/// Bound on framing, key and headers that come on top of a body.
inline constexpr std::uint64_t kRecordOverheadBytes = 4'096;

using Partitioner = std::int32_t (*)(const rd_kafka_topic_t*, const void* key, std::size_t key_bytes,
                                     std::int32_t partitions, void*, void*);

struct Config {
  std::string topic;
  std::vector<std::pair<std::string, std::string>> properties;  ///< librdkafka's, as the user gave them.
  std::vector<std::string> notes;                               ///< Promises that `unsafe` settings void.
  Partitioner partitioner = nullptr;
  bool ordered_pipeline = true;
  bool tombstones = false;  ///< A user.erased is a record without a value, for compacted topics.
  bool copies = false;  ///< Dead letters go to a topic of their own, too.
  std::uint32_t max_in_flight = kMaxQueuedMessages;
  std::uint64_t max_message_bytes = 0;    ///< The user's own `message.max.bytes`; 0: follow the topic.
  std::uint64_t batch_bytes = 0;          ///< The user's own `batch.size` or librdkafka's default.
  std::chrono::milliseconds settle{500};  ///< Reading back ends when so long nothing of ours has appeared.
  std::chrono::milliseconds watch_interval{10'000};  ///< How often partitions and limit are looked at.
};

/// Checks everything that can be checked without a connection. Error `usage`: `fields` has one for each
/// setting that is wrong, its key as the pointer. Never a value.
[[nodiscard]] Result<Config> parse(const DestinationOptions& options);

/// Certificates, keys and the like that the settings name, with what tells whether they were written anew. librdkafka reads them once.
[[nodiscard]] std::string picture_of_files(const Config& config);

/// Where consumers find what it sends.
[[nodiscard]] Place place_of(const Config& config);

/// What a producer is made with besides the settings.
struct ProducerLimits {
  std::uint64_t max_batch_bytes = 0;  ///< The topic's max.message.bytes; 0: unknown.
  bool one_message_batches = false;   ///< To find out which message of a batch the broker finds too large.
};

[[nodiscard]] Result<Conf> producer_conf(const Config& config, const ProducerLimits& limits);
/// For the client that looks at the topic and reads back. Belongs to no consumer group, commits nothing.
[[nodiscard]] Result<Conf> reader_conf(const Config& config);

}  // namespace user_events::destinations::kafka
