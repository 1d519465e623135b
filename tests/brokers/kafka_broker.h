// A real Kafka for tests and benchmarks: started, stopped and killed through tests/brokers/kafka; topics
// through librdkafka's admin API; and a plain consumer, independent of the code under test. Failures throw
// std::runtime_error.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brokers/broker_script.h"

namespace user_events::tests {

struct KafkaRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;

  /// Empty if there is none of that name.
  [[nodiscard]] std::string header(std::string_view name) const;
};

class KafkaBroker : public BrokerScript {
 public:
  using Properties = std::vector<std::pair<std::string, std::string>>;

  /// A folder of its own under $TMPDIR, not started yet. `extra_properties`: lines for the broker, `@PORT@`
  /// is its port.
  explicit KafkaBroker(const std::string& extra_properties = {});

  /// Properties of a broker that asks who one is (SASL/PLAIN: admin with every right, sender with none) and what one may do.
  [[nodiscard]] static std::string sasl_properties();
  /// Client properties of its admin.
  [[nodiscard]] static Properties admin_properties();

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  /// librdkafka properties that the admin calls and `read_all` use beside the address.
  void set_client_properties(Properties properties) { client_properties_ = std::move(properties); }

  void create_topic(const std::string& name, int partitions, const Properties& settings = {}) const;
  void delete_topic(const std::string& name) const;
  void set_topic_property(const std::string& name, const std::string& property,
                          const std::string& value) const;
  void set_partitions(const std::string& name, int partitions) const;
  /// Drops all records below `offset` in one partition.
  void delete_records(const std::string& name, int partition, std::int64_t offset) const;
  /// Lets `User:principal` do `operation` on the topic.
  void allow(const std::string& principal, const std::string& topic, rd_kafka_AclOperation_t operation) const;
  /// Everything in the topic now, in order per partition.
  [[nodiscard]] std::vector<KafkaRecord> read_all(const std::string& name) const {
    return read_topic(address(), name, client_properties_);
  }
  [[nodiscard]] static std::vector<KafkaRecord> read_topic(const std::string& address,
                                                           const std::string& name,
                                                           const Properties& client_properties = {});

 private:
  Properties client_properties_;
};

}  // namespace user_events::tests
