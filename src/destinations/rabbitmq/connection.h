// One connection with one channel in confirm mode, over librabbitmq. What librabbitmq leaves to its callers (who reads which frame) is here.
#pragma once

#include <amqp.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "destinations/rabbitmq/config.h"
#include "destinations/rabbitmq/failure.h"
#include "destinations/rabbitmq/message.h"

namespace user_events::destinations::rabbitmq {

/// What the broker says between and after publishes.
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  virtual void on_confirm(std::uint64_t tag, bool multiple, bool stored) = 0;
  /// A message came back; its confirm follows. `sequence` 0: not one of ours.
  virtual void on_return(std::uint64_t sequence, std::string_view routing_key) = 0;
  virtual void on_blocked(std::string_view reason) = 0;
  virtual void on_unblocked() = 0;
};

/// Ends whatever a thread is waiting for on a connection, from another thread. Holds a descriptor of its own, since librabbitmq closes
/// its one when it likes, and the number may then be somebody else's.
class Interrupter {
 public:
  ~Interrupter() { clear(); }
  void set(int descriptor) noexcept;
  void clear() noexcept;
  /// Thread-safe: the connection is cut, and so is each one that comes, until `reset`.
  void cut() noexcept;
  void reset() noexcept;

 private:
  std::mutex mutex_;
  int descriptor_ = -1;
  bool is_cut_ = false;
};

/// Not thread-safe. After any failure only destruction is left.
class Connection {
 public:
  /// Connects, logs in, opens the channel, looks after the topology. Waits up to `connect_timeout` in each step.
  [[nodiscard]] static std::expected<std::unique_ptr<Connection>, Failure> open(const Config& config, const HostPort& host, Interrupter& interrupter);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return amqp_get_sockfd(connection_); }
  [[nodiscard]] std::size_t frame_bytes() const noexcept { return static_cast<std::size_t>(amqp_get_frame_max(connection_)); }

  /// Waits while the broker takes nothing, until a heartbeat is missing.
  [[nodiscard]] std::optional<Failure> publish(const OutgoingMessage& message);
  /// Handles everything that has come, and sends a heartbeat when it is time for one. Does not wait.
  [[nodiscard]] std::optional<Failure> read(ConnectionListener& listener);
  /// True if there is something to read at once.
  [[nodiscard]] bool is_readable() const noexcept;
  /// An orderly end.
  void close(std::chrono::milliseconds deadline) noexcept;

 private:
  Connection(const Config& config, Interrupter& interrupter);
  [[nodiscard]] std::optional<Failure> connect(const HostPort& host);
  [[nodiscard]] std::optional<Failure> log_in();
  [[nodiscard]] std::optional<Failure> open_channel();
  [[nodiscard]] std::optional<Failure> handle(const amqp_frame_t& frame, ConnectionListener& listener);
  [[nodiscard]] std::optional<Failure> handle_method(const amqp_method_t& method, ConnectionListener& listener);

  const Config& config_;
  Interrupter& interrupter_;
  amqp_connection_state_t connection_;
  std::vector<amqp_table_entry_t> headers_;  ///< Reused.
  std::string returned_key_;                 ///< Routing key of the message that is coming back.
};

}  // namespace user_events::destinations::rabbitmq
