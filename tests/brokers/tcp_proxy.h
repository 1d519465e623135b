// A TCP proxy on loopback that misbehaves when it is told to: tests/brokers/tcp_proxy as a process of its own. Failures throw
// std::runtime_error. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace user_events::tests {

class TcpProxy {
 public:
  /// In front of `target_port` of 127.0.0.1. `port` 0: any free one.
  explicit TcpProxy(int target_port, int port = 0);
  /// Ends the process, and with it every connection.
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  void pass() { command("pass"); }
  /// What the client sends arrives, what the server answers is lost; `pass` then resets those connections.
  void swallow() { command("swallow"); }
  void cut() { command("cut"); }
  /// Bytes of answers thrown away by now.
  [[nodiscard]] std::uint64_t swallowed();

 private:
  std::string command(const std::string& line);
  std::string read_line();

  int socket_ = -1;
  pid_t process_ = -1;
  int port_ = 0;
};

/// A port that nobody listens on now, below the range that the kernel gives to outgoing connections: what is stopped and started again
/// gets it back.
[[nodiscard]] int free_port();

}  // namespace user_events::tests
