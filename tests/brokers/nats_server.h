// A real nats-server with JetStream, and a plain reader of its streams, independent of the code under test. Failures throw.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "brokers/broker_script.h"

namespace user_events::tests {

struct NatsMessage {
  std::string subject, body;
  std::map<std::string, std::string> headers;
};

class NatsServer {
 public:
  /// `extra_configuration`: lines for the server. `login`: `user:password@` for the calls below.
  explicit NatsServer(const std::string& extra_configuration = {}, std::string login = {});
  [[nodiscard]] BrokerScript& script() noexcept { return script_; }
  [[nodiscard]] const BrokerScript& script() const noexcept { return script_; }
  void start() { script_.start(); }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(script_.port()); }
  [[nodiscard]] std::string url() const { return "nats://" + address(); }

  /// `settings` are further members of the JetStream API's JSON, each with a comma before it.
  void create_stream(const std::string& name, const std::string& subject, const std::string& settings = {}) const;
  void delete_stream(const std::string& name) const;
  /// Everything in the stream now, oldest first.
  [[nodiscard]] std::vector<NatsMessage> read_all(const std::string& stream) const;

 private:
  std::string request(const std::string& subject, const std::string& body) const;

  BrokerScript script_{"nats"};
  std::string login_;
};

}  // namespace user_events::tests
