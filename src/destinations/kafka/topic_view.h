// Questions about the topic to the cluster. All block up to `timeout`; any thread, any client.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "destinations/kafka/client.h"

namespace user_events::destinations::kafka {

/// How many partitions the topic has, or why that is not known.
struct TopicLook {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int32_t partitions = 0;
  std::int32_t a_leader = -1;  ///< A broker that leads one of them.
};
[[nodiscard]] TopicLook look_at_topic(rd_kafka_t* client, rd_kafka_topic_t* topic,
                                      std::chrono::milliseconds timeout);

/// The topic's max.message.bytes. Error TOPIC_AUTHORIZATION_FAILED: no right to DescribeConfigs.
struct TopicLimit {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::uint64_t max_batch_bytes = 0;
};
/// Asks `broker`; librdkafka would ask the controller, which may be away while all leaders are well.
[[nodiscard]] TopicLimit read_limit(rd_kafka_t* client, const std::string& topic, std::int32_t broker,
                                    std::chrono::milliseconds timeout);

/// First and next offset of each partition.
struct Watermarks {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::vector<std::int64_t> low, high;
};
[[nodiscard]] Watermarks read_watermarks(rd_kafka_t* client, const std::string& topic,
                                         std::int32_t partitions, std::chrono::milliseconds timeout);

/// Empty when it is not known.
[[nodiscard]] std::string cluster_id(rd_kafka_t* client, std::chrono::milliseconds timeout);

}  // namespace user_events::destinations::kafka
