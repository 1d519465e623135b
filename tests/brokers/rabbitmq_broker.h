// A real RabbitMQ for tests and benchmarks: started, stopped, killed and halted through tests/brokers/rabbitmq; exchanges, queues and a
// plain consumer through librabbitmq, independent of the code under test. Failures throw std::runtime_error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

class RabbitBroker {
 public:
  /// A folder of its own under $TMPDIR, not started yet. `extra_settings`: lines for rabbitmq.conf, `@PORT@` is its port, `@DIR@` its folder.
  explicit RabbitBroker(const std::string& extra_settings = {});
  /// Kills the broker and removes the folder.
  ~RabbitBroker();
  RabbitBroker(const RabbitBroker&) = delete;
  RabbitBroker& operator=(const RabbitBroker&) = delete;

  /// Waits until it serves. Again after `stop` or `kill`: same port, same data.
  void start();
  void stop();
  void kill();
  /// Its process stands still (SIGSTOP) until `resume`.
  void halt();
  void resume();
  /// `rabbitmqctl …`; what it prints.
  std::string ctl(const std::string& arguments) const;

  [[nodiscard]] static std::string read_file(const std::string& path);
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void declare_exchange(const std::string& name) const;
  void delete_exchange(const std::string& name) const;
  /// Durable, bound to `exchange` (empty: not) with `binding_key`. `arguments`: texts and whole numbers.
  void declare_queue(const std::string& name, const std::string& exchange, const std::string& binding_key = "#",
                     const std::vector<std::pair<std::string, std::string>>& arguments = {}) const;
  void bind_queue(const std::string& name, const std::string& exchange, const std::string& binding_key) const;
  void delete_queue(const std::string& name) const;
  /// Takes everything out of the queue, in its order.
  [[nodiscard]] std::vector<RabbitRecord> drain(const std::string& queue) const;

 private:
  std::string run(const std::string& arguments) const;
  void signal(int number) const;

  std::string folder_;
  int port_ = 0;
};

}  // namespace user_events::tests
