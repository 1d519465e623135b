// ElasticMQ and moto for tests and benchmarks: started, stopped and killed through tests/brokers/elasticmq and tests/brokers/moto, and a
// plain client for what a test must do beside the code under test: make queues and topics, read messages. Failures throw
// std::runtime_error.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "brokers/broker_script.h"

namespace user_events::tests {

struct QueueMessage {
  std::string body, group_id, deduplication_id;
  std::map<std::string, std::string> attributes;
};

struct Keys {
  std::string access_key_id = "test", secret_access_key = "test", session_token;
};

/// What an IAM user or role needs to send.
inline constexpr const char* kMaySend = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","sns:*"],"Resource":"*"}]})";

/// ElasticMQ has its queues and messages again after a restart, moto nothing.
class AwsEmulator : public BrokerScript {
 public:
  /// `elasticmq` or `moto`.
  using BrokerScript::BrokerScript;

  [[nodiscard]] std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port()) + "/"; }
  /// Signs the calls below.
  void set_keys(Keys keys) { keys_ = std::move(keys); }

  /// The queue's URL.
  std::string create_queue(const std::string& name, const std::map<std::string, std::string>& attributes = {}) const;
  void delete_queue(const std::string& url) const;
  /// The topic's ARN (moto only).
  std::string create_topic(const std::string& name) const;
  /// Raw delivery of the topic's messages to a queue of the same moto; `filter`: a JSON filter policy on attributes.
  void subscribe(const std::string& topic_arn, const std::string& queue_name, const std::string& filter = {}) const;

  /// Takes messages away until there are `count`, or for `wait` none came.
  [[nodiscard]] std::vector<QueueMessage> receive(const std::string& queue_url, std::size_t count,
                                                  std::chrono::seconds wait = std::chrono::seconds(1)) const;

  /// An IAM user with these rights (a policy in JSON), and its keys (moto only, before it checks signatures; as with `create_role`).
  [[nodiscard]] Keys create_user(const std::string& name, const std::string& policy) const;
  void create_role(const std::string& name, const std::string& policy) const;

  /// An action of KMS on the key, or one that makes a key (moto only); the answer's body.
  std::string kms(const std::string& action, const std::string& json) const;

  struct Reply {
    long status = 0;
    std::string body;
  };
  /// An action of SQS's JSON protocol, answered as it may be: for a test that stands between a client and the service.
  [[nodiscard]] Reply forward_sqs(const std::string& action, const std::string& json) const;
  /// From the given number of further requests on moto checks signatures and rights.
  void check_signatures_after(int requests) const;

 private:
  [[nodiscard]] Reply post(const std::string& path, const std::string& service, const std::vector<std::string>& headers,
                           const std::string& body) const;
  std::string sqs(const std::string& action, const std::string& json) const;
  /// An action of the query protocol (IAM, STS, SNS); the answer's body. Throws unless it is 200.
  std::string query(const std::string& service, const std::string& form) const;

  Keys keys_;
};

}  // namespace user_events::tests
