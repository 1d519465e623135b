// A real RabbitMQ for tests and benchmarks: started, stopped, killed and paused through tests/brokers/rabbitmq; exchanges, queues and a
// plain consumer through librabbitmq, independent of the code under test. Failures throw std::runtime_error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brokers/broker_script.h"

namespace user_events::tests {

struct RabbitRecord {
  std::string routing_key, body;
  std::string content_type, message_id, type, app_id;
  std::uint64_t timestamp = 0;
  int delivery_mode = 0;
  std::vector<std::pair<std::string, std::string>> headers;

  /// Empty if there is none of that name.
  [[nodiscard]] std::string header(std::string_view name) const;
};

class RabbitBroker : public BrokerScript {
 public:
  /// A folder of its own under $TMPDIR, not started yet. `extra_settings`: lines for rabbitmq.conf, `@PORT@` is its port, `@DIR@` its folder.
  explicit RabbitBroker(const std::string& extra_settings = {});
  /// `rabbitmqctl …`; what it prints.
  std::string ctl(const std::string& arguments) const;

  [[nodiscard]] static std::string read_file(const std::string& path);
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

  void declare_exchange(const std::string& name) const;
  void delete_exchange(const std::string& name) const;
  /// Durable, bound to `exchange` (empty: not) with `binding_key`. `arguments`: texts and whole numbers.
  void declare_queue(const std::string& name, const std::string& exchange, const std::string& binding_key = "#",
                     const std::vector<std::pair<std::string, std::string>>& arguments = {}) const;
  void bind_queue(const std::string& name, const std::string& exchange, const std::string& binding_key) const;
  void delete_queue(const std::string& name) const;
  /// Takes everything out of the queue, in its order.
  [[nodiscard]] std::vector<RabbitRecord> drain(const std::string& queue) const;
};

}  // namespace user_events::tests
