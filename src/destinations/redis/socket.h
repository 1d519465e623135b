// A TCP connection, with TLS if wanted. Debian's hiredis has no TLS; its protocol reader and writer work over any bytes.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "destinations/settings.h"
#include "user_events/error.h"

namespace user_events::destinations::redis {

/// Certificates and rules, read once. Immutable; connections share it.
class TlsContext {
 public:
  /// Error: which file cannot be used.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> make(const TlsSettings& settings);
  [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
};

/// Not thread-safe. After `connect` nothing blocks but `wait`.
class Socket {
 public:
  using Clock = std::chrono::steady_clock;
  /// Looks the name up (which can take longer than the deadline), connects, and shakes hands. `tls` null: without.
  [[nodiscard]] static Result<Socket> connect(const std::string& host, std::uint16_t port, const TlsContext* tls, Clock::time_point deadline);
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  [[nodiscard]] int descriptor() const noexcept { return fd_; }
  /// Puts bytes in line to be sent.
  void queue(std::string_view bytes);
  /// Sends what goes at once. An error: the connection is gone.
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return plain_.size() + out_.size() - out_start_; }
  /// Ever queued and ever sent: what was queued when `queued_total` was N has left once `sent_total` is N.
  [[nodiscard]] std::uint64_t queued_total() const noexcept { return queued_total_; }
  [[nodiscard]] std::uint64_t sent_total() const noexcept { return sent_total_; }
  /// Bytes read, 0 if there are none now. An error: the connection is gone.
  [[nodiscard]] Result<std::size_t> read(char* into, std::size_t most);
  /// Waits until it can be read (or written, if something is unsent). False: the deadline passed.
  [[nodiscard]] bool wait(Clock::time_point deadline) const;

 private:
  explicit Socket(int fd) : fd_(fd) {}
  [[nodiscard]] Result<void> shake_hands(const std::string& host, const TlsContext& tls, Clock::time_point deadline);
  [[nodiscard]] Result<std::size_t> receive(char* into, std::size_t most) const;
  void take_ciphertext();
  void encrypt();
  void count_sent(std::size_t bytes);

  /// When `on_wire` bytes have been sent, `queued` bytes of what was queued have left.
  struct Mark {
    std::uint64_t on_wire, queued;
  };

  int fd_ = -1;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};  ///< Over memory: the socket's own calls raise no SIGPIPE.
  std::string plain_;           ///< With TLS: to be encrypted by the next flush, many commands in one record.
  std::string out_;             ///< As on the wire.
  std::size_t out_start_ = 0;
  std::deque<Mark> marks_;      ///< With TLS only.
  std::uint64_t queued_total_ = 0, sent_total_ = 0, wire_total_ = 0, wire_sent_ = 0;
};

}  // namespace user_events::destinations::redis
