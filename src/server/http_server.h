// The daemon's HTTP server. What it speaks: docs/http.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "user_events/publisher.h"

namespace user_events::server {

class HttpServer {
 public:
  /// Listens and serves on `options.threads` threads of its own (and two more: one reads for them, one carries out commands). `publisher`
  /// must outlive the server. Errors: usage (an address that needs TLS and clients, or none at all; clients, certificates), unavailable
  /// (`address-in-use`), io. With TLS the process must ignore SIGPIPE.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(UserEventPublisher& publisher,
                                                                 const HttpOptions& options);
  ~HttpServer();  ///< stop(0).
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Where it listens; the port is the real one when 0 was asked for.
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] const std::string& url() const noexcept;  ///< `http://127.0.0.1:8080`

  /// Whether clients are configured. Any thread.
  [[nodiscard]] bool asks_for_clients() const noexcept;

  /// Clients and issuers as they are in `options` now; the others of its options are not looked at. Streams of events end, and come back.
  /// Error usage: everything stays as it was.
  [[nodiscard]] Result<void> replace_clients(const HttpOptions& options);
  /// The files of `options.tls` anew, for connections from now on; always, or if one has changed (then true). Error usage: it stays as it was.
  /// These three: one thread at a time, any.
  [[nodiscard]] Result<void> reload_certificates();
  [[nodiscard]] Result<bool> reload_changed_certificates();

  /// Stops accepting, closes idle connections and event streams, lets requests under way finish until
  /// `deadline`, then closes what is left. Blocks that long at most. Idempotent. The publisher must not be
  /// closed before.
  void stop(std::chrono::milliseconds deadline);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::server
