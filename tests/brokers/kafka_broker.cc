#include "brokers/kafka_broker.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

namespace user_events::tests {
namespace {

using Client = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;
constexpr int kAdminTimeoutMs = 20'000;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("kafka broker: " + what); }

void require(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) give_up(what + ": " + rd_kafka_err2str(error));
}

Client make_client(rd_kafka_type_t type, const std::string& address,
                   const KafkaBroker::Properties& properties) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char text[512];
  const auto set = [&](const std::string& name, const std::string& value) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text) != RD_KAFKA_CONF_OK)
      give_up(text);
  };
  set("bootstrap.servers", address);
  set("log_level", "0");
  if (type == RD_KAFKA_CONSUMER) {
    set("group.id", "reader");
    set("enable.auto.commit", "false");
    set("enable.partition.eof", "true");
  }
  for (const auto& [name, value] : properties) set(name, value);
  Client client(rd_kafka_new(type, conf, text, sizeof text), rd_kafka_destroy);
  if (!client) give_up(text);
  return client;
}

/// Runs one admin request and returns its event, already checked as a whole.
Event admin(rd_kafka_t* client, const std::function<void(rd_kafka_queue_t*)>& request) {
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  request(queue);
  Event event(rd_kafka_queue_poll(queue, kAdminTimeoutMs), rd_kafka_event_destroy);
  rd_kafka_queue_destroy(queue);
  if (!event) give_up("no answer to an admin request");
  require(rd_kafka_event_error(event.get()), "admin request");
  return event;
}

void require_topics(const rd_kafka_topic_result_t* const* results, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    require(rd_kafka_topic_result_error(results[i]), rd_kafka_topic_result_name(results[i]));
}

KafkaRecord record_of(const rd_kafka_message_t* message) {
  KafkaRecord record{.partition = message->partition,
                     .offset = message->offset,
                     .key = std::string(static_cast<const char*>(message->key), message->key_len),
                     .value = std::string(static_cast<const char*>(message->payload), message->len),
                     .headers = {}};
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  return record;
}

int partition_count(rd_kafka_t* client, const std::string& name) {
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, name.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(client, 0, topic, &metadata, kAdminTimeoutMs);
  rd_kafka_topic_destroy(topic);
  require(error, "metadata of " + name);
  const int count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  return count;
}

}  // namespace

std::string KafkaRecord::header(std::string_view name) const {
  for (const auto& [key_, value_] : headers)
    if (key_ == name) return value_;
  return {};
}

std::string KafkaBroker::sasl_properties() {
  return "listeners=SASL_PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER_PORT@\n"
         "listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT\n"
         "inter.broker.listener.name=SASL_PLAINTEXT\n"
         "sasl.enabled.mechanisms=PLAIN\n"
         "sasl.mechanism.inter.broker.protocol=PLAIN\n"
         "listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain."
         "PlainLoginModule required "
         "username=\"admin\" password=\"admin-secret\" user_admin=\"admin-secret\" "
         "user_sender=\"sender-secret\";\n"
         "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
         "super.users=User:admin;User:ANONYMOUS\n";
}

KafkaBroker::Properties KafkaBroker::admin_properties() {
  return {{"security.protocol", "sasl_plaintext"},
          {"sasl.mechanism", "PLAIN"},
          {"sasl.username", "admin"},
          {"sasl.password", "admin-secret"}};
}

KafkaBroker::KafkaBroker(const std::string& extra_properties) : BrokerScript("kafka") {
  if (!extra_properties.empty()) write_file("extra.properties", extra_properties + "\n");
}

void KafkaBroker::create_topic(const std::string& name, int partitions, const Properties& settings) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, address(), client_properties_);
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, nullptr, 0);
  for (const auto& [property, value] : settings)
    rd_kafka_NewTopic_set_config(topic, property.c_str(), value.c_str());
  const Event event = admin(client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_CreateTopics(client.get(), &topic, 1, nullptr, queue);
  });
  rd_kafka_NewTopic_destroy(topic);
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  require_topics(results, count);
}

void KafkaBroker::delete_topic(const std::string& name) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, address(), client_properties_);
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  const Event event = admin(client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_DeleteTopics(client.get(), &topic, 1, nullptr, queue);
  });
  rd_kafka_DeleteTopic_destroy(topic);
  std::size_t count = 0;
  const auto* results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  require_topics(results, count);
}

void KafkaBroker::set_topic_property(const std::string& name, const std::string& property,
                                     const std::string& value) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, address(), client_properties_);
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str());
  rd_kafka_ConfigResource_set_config(resource, property.c_str(), value.c_str());
  const Event event = admin(client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_AlterConfigs(client.get(), &resource, 1, nullptr, queue);
  });
  rd_kafka_ConfigResource_destroy(resource);
  std::size_t count = 0;
  const auto** results =
      rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) require(rd_kafka_ConfigResource_error(results[i]), name);
  // The answer says that the controller has it; the partition's log takes it up a little later, and nothing tells when.
  std::this_thread::sleep_for(std::chrono::seconds(1));
}

void KafkaBroker::set_partitions(const std::string& name, int partitions) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, address(), client_properties_);
  char text[256];
  rd_kafka_NewPartitions_t* more =
      rd_kafka_NewPartitions_new(name.c_str(), static_cast<std::size_t>(partitions), text, sizeof text);
  if (more == nullptr) give_up(text);
  const Event event = admin(client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_CreatePartitions(client.get(), &more, 1, nullptr, queue);
  });
  rd_kafka_NewPartitions_destroy(more);
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event.get()), &count);
  require_topics(results, count);
}

void KafkaBroker::delete_records(const std::string& name, int partition, std::int64_t offset) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, address(), client_properties_);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, name.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* records = rd_kafka_DeleteRecords_new(list);
  rd_kafka_topic_partition_list_destroy(list);
  const Event event = admin(client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_DeleteRecords(client.get(), &records, 1, nullptr, queue);
  });
  rd_kafka_DeleteRecords_destroy(records);
  const auto* results =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  for (int i = 0; i < results->cnt; ++i) require(results->elems[i].err, name);
}

void KafkaBroker::allow(const std::string& principal, const std::string& topic,
                        rd_kafka_AclOperation_t operation) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, address(), client_properties_);
  char text[256];
  rd_kafka_AclBinding_t* binding = rd_kafka_AclBinding_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL,
      ("User:" + principal).c_str(), "*", operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, text, sizeof text);
  if (binding == nullptr) give_up(text);
  const Event event = admin(client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_CreateAcls(client.get(), &binding, 1, nullptr, queue);
  });
  rd_kafka_AclBinding_destroy(binding);
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (const auto* error = rd_kafka_acl_result_error(results[i])) give_up(rd_kafka_error_string(error));
}

std::vector<KafkaRecord> KafkaBroker::read_topic(const std::string& address, const std::string& name,
                                                 const Properties& client_properties) {
  const Client client = make_client(RD_KAFKA_CONSUMER, address, client_properties);
  rd_kafka_poll_set_consumer(client.get());
  const int partitions = partition_count(client.get(), name);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; ++p)
    rd_kafka_topic_partition_list_add(list, name.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  require(rd_kafka_assign(client.get(), list), "assign");
  rd_kafka_topic_partition_list_destroy(list);
  std::vector<KafkaRecord> records;
  std::vector<bool> ended(static_cast<std::size_t>(partitions), false);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (int open = partitions; open > 0;) {
    if (std::chrono::steady_clock::now() > deadline) give_up("reading " + name + " takes too long");
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client.get(), 200);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      records.push_back(record_of(message));
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF &&
               !ended[static_cast<std::size_t>(message->partition)]) {
      ended[static_cast<std::size_t>(message->partition)] = true;
      --open;
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(client.get());
  return records;
}

}  // namespace user_events::tests
