// The bytes of one connection: a socket, and TLS over it where there is a certificate. A plain connection pays one test per call.
#pragma once

#include <memory>
#include <utility>

#include "server/net.h"
#include "server/tls.h"

namespace user_events::server {

/// All on the loop's thread. At most one read and one write wait at a time.
class Transport {
 public:
  /// `tls` nullptr: plain.
  Transport(Socket socket, const TlsContext& tls);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Writes what it can at once; `would_block` with nothing written.
  [[nodiscard]] std::size_t write_some(const char* data, std::size_t size, ErrorCode& error) {
    return session_ == nullptr ? socket_.write_some(asio::buffer(data, size), error) : tls_write(data, size, error);
  }
  /// `done(error, bytes)` once there are bytes, or the end (`eof`).
  template <class Done>
  void async_read_some(char* data, std::size_t size, Done done) {
    if (session_ == nullptr) return socket_.async_read_some(asio::buffer(data, size), std::move(done));
    wait_and_read(data, size, std::move(done), tls_has_bytes());
  }
  template <class Done>
  void async_wait_writable(Done done) {
    socket_.async_wait(Socket::wait_write, std::move(done));
  }
  /// The peer learns that nothing more comes.
  void shutdown_send();
  void close();

  /// Always true without TLS.
  [[nodiscard]] bool is_established() const noexcept;
  [[nodiscard]] std::optional<access::PeerCertificate> certificate() const;
  [[nodiscard]] const Socket& socket() const noexcept { return socket_; }

 private:
  /// `would_block`: `waits_for_room_` says for what.
  [[nodiscard]] std::size_t tls_read(char* data, std::size_t size, ErrorCode& error);
  [[nodiscard]] std::size_t tls_write(const char* data, std::size_t size, ErrorCode& error);
  [[nodiscard]] bool tls_has_bytes() const;
  [[nodiscard]] ErrorCode failure(int result);

  /// Bytes that are decrypted already come without waiting for the socket, but not from within the call.
  template <class Done>
  void wait_and_read(char* data, std::size_t size, Done done, bool has_bytes) {
    auto go_on = [this, data, size, done = std::move(done)](const ErrorCode& waited) mutable {
      if (waited || !socket_.is_open()) return done(waited ? waited : ErrorCode(asio::error::operation_aborted), std::size_t{0});
      ErrorCode error;
      const auto bytes = tls_read(data, size, error);
      if (error == asio::error::would_block) return wait_and_read(data, size, std::move(done), false);
      done(error, bytes);
    };
    if (has_bytes) return asio::post(socket_.get_executor(), [go_on = std::move(go_on)]() mutable { go_on({}); });
    socket_.async_wait(std::exchange(waits_for_room_, false) ? Socket::wait_write : Socket::wait_read, std::move(go_on));
  }

  Socket socket_;
  ssl_st* session_ = nullptr;
  bool waits_for_room_ = false;  // the last read has to write first
};

}  // namespace user_events::server
