// librdkafka's C handles as owners, and its errors as text for a person.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <string_view>

namespace user_events::destinations::kafka {

template <auto Function>
struct Releases {
  template <class T>
  void operator()(T* handle) const noexcept {
    Function(handle);
  }
};

using Conf = std::unique_ptr<rd_kafka_conf_t, Releases<rd_kafka_conf_destroy>>;
using Client = std::unique_ptr<rd_kafka_t, Releases<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Releases<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Releases<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Releases<rd_kafka_event_destroy>>;
using Headers = std::unique_ptr<rd_kafka_headers_t, Releases<rd_kafka_headers_destroy>>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, Releases<rd_kafka_error_destroy>>;
using PartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Releases<rd_kafka_topic_partition_list_destroy>>;

/// librdkafka's own log lines go to the project's log at `debug`: what matters to a person is said in Health.
void forward_log(const rd_kafka_t* client, int level, const char* facility, const char* text);

/// What to do about `error`; empty where nothing better than its own text can be said.
[[nodiscard]] std::string_view hint_for(rd_kafka_resp_err_t error) noexcept;

/// `text (hint)`, one line. `text` empty: librdkafka's text of the error.
[[nodiscard]] std::string explain(rd_kafka_resp_err_t error, std::string_view text = {});

/// The destination can't work until a person or the cluster mends something; says nothing about single
/// events.
[[nodiscard]] bool is_access_error(rd_kafka_resp_err_t error) noexcept;

}  // namespace user_events::destinations::kafka
