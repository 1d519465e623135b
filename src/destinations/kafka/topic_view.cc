#include "destinations/kafka/topic_view.h"

#include <charconv>
#include <cstring>

namespace user_events::destinations::kafka {
namespace {

int count(std::chrono::milliseconds timeout) { return static_cast<int>(timeout.count()); }

/// What ListOffsets takes in place of a timestamp.
constexpr std::int64_t kEarliest = RD_KAFKA_OFFSET_BEGINNING;
constexpr std::int64_t kLatest = RD_KAFKA_OFFSET_END;

rd_kafka_resp_err_t list_offsets(rd_kafka_t* client, const std::string& topic, std::int32_t partitions,
                                 std::int64_t which, std::chrono::milliseconds timeout,
                                 std::vector<std::int64_t>& offsets) {
  const PartitionList list(rd_kafka_topic_partition_list_new(partitions));
  for (std::int32_t p = 0; p < partitions; ++p)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset = which;
  if (const auto error = rd_kafka_offsets_for_times(client, list.get(), count(timeout))) return error;
  offsets.assign(static_cast<std::size_t>(partitions), -1);
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return list->elems[i].err;
    // An answer that still holds the question was not answered.
    if (list->elems[i].offset < 0) return RD_KAFKA_RESP_ERR__TIMED_OUT;
    offsets[static_cast<std::size_t>(list->elems[i].partition)] = list->elems[i].offset;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

TopicLimit limit_in(const rd_kafka_DescribeConfigs_result_t* result) {
  std::size_t resources = 0, entries = 0;
  const rd_kafka_ConfigResource_t** resource = rd_kafka_DescribeConfigs_result_resources(result, &resources);
  if (resources != 1) return {.error = RD_KAFKA_RESP_ERR__FAIL};
  if (const auto error = rd_kafka_ConfigResource_error(resource[0])) return {.error = error};
  const rd_kafka_ConfigEntry_t** entry = rd_kafka_ConfigResource_configs(resource[0], &entries);
  for (std::size_t i = 0; i < entries; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entry[i]);
    if (std::strcmp(rd_kafka_ConfigEntry_name(entry[i]), "max.message.bytes") != 0 || value == nullptr)
      continue;
    TopicLimit limit;
    (void)std::from_chars(value, value + std::strlen(value), limit.max_batch_bytes);
    return limit;
  }
  return {.error = RD_KAFKA_RESP_ERR__FAIL};
}

}  // namespace

TopicLook look_at_topic(rd_kafka_t* client, rd_kafka_topic_t* topic, std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* raw = nullptr;
  if (const auto error = rd_kafka_metadata(client, 0, topic, &raw, count(timeout))) return {.error = error};
  const std::unique_ptr<const rd_kafka_metadata_t, Releases<rd_kafka_metadata_destroy>> metadata(raw);
  if (metadata->topic_cnt != 1) return {.error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
  if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return {.error = metadata->topics[0].err};
  if (metadata->topics[0].partition_cnt <= 0) return {.error = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE};
  TopicLook look{.partitions = metadata->topics[0].partition_cnt};
  for (int p = 0; p < look.partitions && look.a_leader < 0; ++p)
    look.a_leader = metadata->topics[0].partitions[p].leader;
  if (look.a_leader < 0) look.error = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  return look;
}

TopicLimit read_limit(rd_kafka_t* client, const std::string& topic, std::int32_t broker,
                      std::chrono::milliseconds timeout) {
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  const std::unique_ptr<rd_kafka_AdminOptions_t, Releases<rd_kafka_AdminOptions_destroy>> options(
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  char text[256];
  (void)rd_kafka_AdminOptions_set_request_timeout(options.get(), count(timeout), text, sizeof text);
  (void)rd_kafka_AdminOptions_set_broker(options.get(), broker, text, sizeof text);
  rd_kafka_DescribeConfigs(client, &resource, 1, options.get(), queue.get());
  rd_kafka_ConfigResource_destroy(resource);
  const Event event(rd_kafka_queue_poll(queue.get(), count(timeout) + 500));
  if (!event) return {.error = RD_KAFKA_RESP_ERR__TIMED_OUT};
  if (const auto error = rd_kafka_event_error(event.get())) return {.error = error};
  const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
  return result == nullptr ? TopicLimit{.error = RD_KAFKA_RESP_ERR__FAIL} : limit_in(result);
}

Watermarks read_watermarks(rd_kafka_t* client, const std::string& topic, std::int32_t partitions,
                           std::chrono::milliseconds timeout) {
  Watermarks marks;
  marks.error = list_offsets(client, topic, partitions, kEarliest, timeout, marks.low);
  if (marks.error == RD_KAFKA_RESP_ERR_NO_ERROR)
    marks.error = list_offsets(client, topic, partitions, kLatest, timeout, marks.high);
  return marks;
}

std::string cluster_id(rd_kafka_t* client, std::chrono::milliseconds timeout) {
  char* text = rd_kafka_clusterid(client, count(timeout));
  if (text == nullptr) return {};
  std::string id(text);
  rd_kafka_mem_free(client, text);
  return id;
}

}  // namespace user_events::destinations::kafka
