#include "destinations/kafka/client.h"

#include <algorithm>

#include "observability/log.h"

namespace user_events::destinations::kafka {

void forward_log(const rd_kafka_t*, int, const char* facility, const char* text) {
  observability::log().debug("kafka: {} {}", facility, text);
}

std::string_view hint_for(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return R"(check kafka."sasl.username", its password and kafka."sasl.mechanism"; events wait in the journal)";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "grant the principal Describe, DescribeConfigs, Read and Write on the topic; events wait in the "
             "journal";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "grant the principal IdempotentWrite on the cluster, or Write on the topic; events wait in the "
             "journal";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return R"(create the topic, or set kafka."allow.auto.create.topics" = "true"; events wait in the journal)";
    case RD_KAFKA_RESP_ERR__SSL:
      return R"(check kafka."ssl.ca.location" and kafka."security.protocol"; events wait in the journal)";
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
      return R"(check kafka."bootstrap.servers" and that the brokers run; events wait in the journal)";
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return "fewer brokers in sync than the topic's min.insync.replicas; events wait in the journal";
    default:
      return {};
  }
}

std::string explain(rd_kafka_resp_err_t error, std::string_view text) {
  std::string line(text.empty() ? std::string_view(rd_kafka_err2str(error)) : text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (const auto hint = hint_for(error); !hint.empty()) line.append(" (").append(hint).append(")");
  return line;
}

bool is_access_error(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return true;
    default:
      return false;
  }
}

}  // namespace user_events::destinations::kafka
