// A real redis-server, and a plain reader of its streams, independent of the code under test. Failures throw.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "brokers/broker_script.h"

namespace user_events::tests {

using RedisEntry = std::map<std::string, std::string>;

class RedisServer {
 public:
  /// `extra_configuration`: lines for the server. `password`: of the default user, for the calls below.
  explicit RedisServer(const std::string& extra_configuration = {}, std::string password = {});
  [[nodiscard]] BrokerScript& script() noexcept { return script_; }
  void start() { script_.start(); }
  [[nodiscard]] int port() const noexcept { return script_.port(); }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

  /// What it answers, as text; an error reply throws.
  std::string command(const std::vector<std::string>& words) const;
  /// Everything in the stream now, oldest first.
  [[nodiscard]] std::vector<RedisEntry> read_all(const std::string& key) const;

 private:
  BrokerScript script_{"redis"};
  std::string password_;
};

}  // namespace user_events::tests
