#include "destinations/redis/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/try.h"

namespace user_events::destinations::redis {
namespace {

constexpr std::size_t kBlockBytes = 16u << 10;

std::unexpected<Error> gone(std::string message) { return fail(ErrorKind::unavailable, "connection", std::move(message)); }
std::unexpected<Error> gone(const char* what, int error) { return gone(fmt::format("{}: {}", what, std::strerror(error))); }

std::string tls_error() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown error";
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool wait_for(int fd, short events, Socket::Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Socket::Clock::now());
    if (left.count() <= 0) return false;
    pollfd one{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

/// 0, or why not.
int connect_to(int fd, const addrinfo& address, Socket::Clock::time_point deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(fd, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void set_options(int fd) {
  const int on = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsSettings& settings) {
  const auto made = std::make_shared<TlsContext>();
  made->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = made->context_.get();
  if (context == nullptr) return fail(ErrorKind::internal, "tls", "OpenSSL gives no context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const bool has_authority = settings.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                                      : SSL_CTX_load_verify_locations(context, settings.ca_file.c_str(), nullptr) == 1;
  if (!has_authority) return fail(ErrorKind::usage, "tls", "names a file that holds no certificates or cannot be read: " + tls_error());
  if (!settings.cert_file.empty() && (SSL_CTX_use_certificate_chain_file(context, settings.cert_file.c_str()) != 1 ||
                                      SSL_CTX_use_PrivateKey_file(context, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
                                      SSL_CTX_check_private_key(context) != 1))
    return fail(ErrorKind::usage, "tls", "is fine, but tls_cert_file and tls_key_file are no certificate and its key: " + tls_error());
  return made;
}

Result<Socket> Socket::connect(const std::string& host, std::uint16_t port, const TlsContext* tls, Clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list); error != 0)
    return gone(fmt::format("name lookup: {}", ::gai_strerror(error)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.fd_ < 0) return gone("socket", errno);
    error = connect_to(socket.fd_, *address, deadline);
    if (error != 0) continue;
    set_options(socket.fd_);
    if (tls != nullptr) UE_TRY(socket.shake_hands(host, *tls, deadline));
    return socket;
  }
  return gone("connect", error);
}

Socket::Socket(Socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::move(other.ssl_)),
      plain_(std::move(other.plain_)),
      out_(std::move(other.out_)),
      out_start_(other.out_start_),
      marks_(std::move(other.marks_)),
      queued_total_(other.queued_total_),
      sent_total_(other.sent_total_),
      wire_total_(other.wire_total_),
      wire_sent_(other.wire_sent_) {}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> Socket::shake_hands(const std::string& host, const TlsContext& tls, Clock::time_point deadline) {
  ssl_.reset(SSL_new(tls.get()));
  SSL* const ssl = ssl_.get();
  if (ssl == nullptr || SSL_set1_host(ssl, host.c_str()) != 1) return gone("TLS: " + tls_error());
  if (!is_address(host)) SSL_set_tlsext_host_name(ssl, host.c_str());
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  std::array<char, kBlockBytes> block;
  while (true) {
    const int result = SSL_connect(ssl);
    take_ciphertext();
    while (unsent_bytes() > 0) {
      UE_TRY(flush());
      if (unsent_bytes() > 0 && !wait_for(fd_, POLLOUT, deadline)) return gone("TLS handshake: time-out");
    }
    if (result == 1) return {};
    if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) {
      const long verdict = SSL_get_verify_result(ssl);
      return gone(fmt::format("TLS handshake: {}", verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : tls_error()));
    }
    if (!wait_for(fd_, POLLIN, deadline)) return gone("TLS handshake: time-out");
    UE_TRY_ASSIGN(const std::size_t count, receive(block.data(), block.size()));
    BIO_write(SSL_get_rbio(ssl), block.data(), static_cast<int>(count));
  }
}

void Socket::take_ciphertext() {
  std::array<char, kBlockBytes> block;
  for (int count = 0; (count = BIO_read(SSL_get_wbio(ssl_.get()), block.data(), static_cast<int>(block.size()))) > 0;) {
    out_.append(block.data(), static_cast<std::size_t>(count));
    wire_total_ += static_cast<std::uint64_t>(count);
  }
}

void Socket::queue(std::string_view bytes) {
  queued_total_ += bytes.size();
  (ssl_ ? plain_ : out_) += bytes;
}

void Socket::encrypt() {
  std::uint64_t queued = queued_total_ - plain_.size();
  for (std::string_view rest = plain_; !rest.empty();) {
    const auto part = rest.substr(0, kBlockBytes);  // a TLS record
    SSL_write(ssl_.get(), part.data(), static_cast<int>(part.size()));  // into memory: takes all
    take_ciphertext();
    queued += part.size();
    marks_.push_back({wire_total_, queued});
    rest.remove_prefix(part.size());
  }
  plain_.clear();
}

void Socket::count_sent(std::size_t bytes) {
  out_start_ += bytes;
  if (!ssl_) {
    sent_total_ += bytes;
    return;
  }
  wire_sent_ += bytes;
  for (; !marks_.empty() && marks_.front().on_wire <= wire_sent_; marks_.pop_front()) sent_total_ = marks_.front().queued;
}

Result<void> Socket::flush() {
  constexpr std::size_t kCompactBytes = 1u << 20;
  if (!plain_.empty()) encrypt();
  while (out_start_ < out_.size()) {
    const ssize_t count = ::send(fd_, out_.data() + out_start_, out_.size() - out_start_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (count < 0) return gone("connection lost", errno);
    count_sent(static_cast<std::size_t>(count));
  }
  if (out_start_ == out_.size() || out_start_ > kCompactBytes) {
    out_.erase(0, out_start_);
    out_start_ = 0;
  }
  return {};
}

Result<std::size_t> Socket::receive(char* into, std::size_t most) const {
  while (true) {
    const ssize_t count = ::recv(fd_, into, most, 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return gone("connection closed by the server");
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    return gone("connection lost", errno);
  }
}

Result<std::size_t> Socket::read(char* into, std::size_t most) {
  if (!ssl_) return receive(into, most);
  while (true) {
    const int count = SSL_read(ssl_.get(), into, static_cast<int>(most));
    take_ciphertext();
    if (count > 0) return static_cast<std::size_t>(count);
    const int error = SSL_get_error(ssl_.get(), count);
    if (error == SSL_ERROR_ZERO_RETURN) return gone("connection closed by the server");
    if (error != SSL_ERROR_WANT_READ) return gone("TLS: " + tls_error());
    std::array<char, kBlockBytes> block;
    UE_TRY_ASSIGN(const std::size_t received, receive(block.data(), block.size()));
    if (received == 0) return 0;
    BIO_write(SSL_get_rbio(ssl_.get()), block.data(), static_cast<int>(received));
  }
}

bool Socket::wait(Clock::time_point deadline) const {
  return wait_for(fd_, static_cast<short>(unsent_bytes() > 0 ? POLLIN | POLLOUT : POLLIN), deadline);
}

}  // namespace user_events::destinations::redis
