// TLS of the HTTP listener: certificates from files, read again when they change.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "access/policy.h"
#include "user_events/options.h"

struct ssl_ctx_st;
struct ssl_st;

namespace user_events::server {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// TLS 1.2 and 1.3, forward secrecy and authenticated ciphers only, no renegotiation, no compression. Errors usage: a file that cannot be read, a key that
/// is not the certificate's. Messages name files, never what is in them.
[[nodiscard]] Result<TlsContext> make_tls_context(const TlsOptions& options);

/// What the handshake has verified; nothing without a client certificate.
[[nodiscard]] std::optional<access::PeerCertificate> peer_certificate(ssl_st* session);

/// The context of new connections. Thread-safe.
class TlsFiles {
 public:
  /// Error usage. Without a certificate there is no TLS: `context` is nullptr.
  [[nodiscard]] static Result<std::unique_ptr<TlsFiles>> open(const TlsOptions& options);

  [[nodiscard]] TlsContext context() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  /// Reads the files again. Connections that there are keep what they have. Error usage: everything stays as it was.
  [[nodiscard]] Result<void> reload();
  /// The same if one of the files has changed since; false if none has. A file that was bad is tried again only once it changes.
  [[nodiscard]] Result<bool> reload_if_changed();

 private:
  explicit TlsFiles(TlsOptions options) : options_(std::move(options)) {}
  [[nodiscard]] std::string stamp() const;

  const TlsOptions options_;
  mutable std::mutex mutex_;
  TlsContext context_;
  std::string stamp_;  // of the files that were read last; only `reload` and its callers, one at a time
};

}  // namespace user_events::server
