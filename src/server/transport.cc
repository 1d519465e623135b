#include "server/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <limits>

namespace user_events::server {
namespace {

/// One record of TLS: what a call writes at most, so that a large answer does not keep the thread.
constexpr std::size_t kMaxRecordBytes = 16 << 10;

int bounded(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max())); }

}  // namespace

Transport::Transport(Socket socket, const TlsContext& tls) : socket_(std::move(socket)) {
  if (tls == nullptr) return;
  session_ = SSL_new(tls.get());
  SSL_set_fd(session_, static_cast<int>(socket_.native_handle()));
  SSL_set_accept_state(session_);
}

Transport::~Transport() { SSL_free(session_); }

ErrorCode Transport::failure(int result) {
  const int reason = SSL_get_error(session_, result);
  ERR_clear_error();
  waits_for_room_ = reason == SSL_ERROR_WANT_WRITE;
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return asio::error::would_block;
  if (reason == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  // Also an end without close_notify: it may have been cut off, so it is no end of a request.
  return asio::error::connection_reset;
}

std::size_t Transport::tls_read(char* data, std::size_t size, ErrorCode& error) {
  ERR_clear_error();
  const int result = SSL_read(session_, data, bounded(size));
  if (result > 0) return static_cast<std::size_t>(result);
  error = failure(result);
  return 0;
}

std::size_t Transport::tls_write(const char* data, std::size_t size, ErrorCode& error) {
  ERR_clear_error();
  const int result = SSL_write(session_, data, bounded(std::min(size, kMaxRecordBytes)));
  if (result > 0) return static_cast<std::size_t>(result);
  const bool waited_for_room = waits_for_room_;
  error = failure(result);
  waits_for_room_ = waited_for_room;  // that is the reader's
  // Before the handshake is done there is nobody who could read an answer.
  if (!is_established()) error = asio::error::connection_reset;
  return 0;
}

bool Transport::tls_has_bytes() const { return SSL_has_pending(session_) == 1; }
bool Transport::is_established() const noexcept { return session_ == nullptr || SSL_is_init_finished(session_) == 1; }

std::optional<access::PeerCertificate> Transport::certificate() const {
  return session_ == nullptr ? std::nullopt : peer_certificate(session_);
}

void Transport::shutdown_send() {
  if (session_ != nullptr && is_established()) SSL_shutdown(session_);
  ERR_clear_error();
  ErrorCode ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Transport::close() {
  if (session_ != nullptr && is_established() && (SSL_get_shutdown(session_) & SSL_SENT_SHUTDOWN) == 0) SSL_shutdown(session_);
  ERR_clear_error();
  ErrorCode ignored;
  socket_.close(ignored);
}

}  // namespace user_events::server
