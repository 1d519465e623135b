#include "server/http_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <optional>
#include <thread>
#include <vector>

#include "base/try.h"
#include "observability/log.h"
#include "server/key_refresh.h"
#include "server/limits.h"
#include "server/loop.h"
#include "server/reply.h"

namespace user_events::server {
namespace {

constexpr int kBacklog = 1'024;
/// Connections taken in one go, so that a flood of them does not starve the others.
constexpr int kAcceptsAtOnce = 64;
/// How often `stop` looks whether the connections are gone.
constexpr std::chrono::milliseconds kStopPoll{2};

std::unexpected<Error> listen_error(const std::string& where, const ErrorCode& error) {
  if (error == asio::error::address_in_use)
    return fail(ErrorKind::unavailable, "address-in-use",
                fmt::format("{} is in use by another process", where),
                "stop it, or choose another address with http.listen (port 0 takes any free one)");
  return fail(ErrorKind::io, "listen", fmt::format("cannot listen on {}: {}", where, error.message()));
}

/// The whole answer to a connection too many.
std::string refusal() {
  const Error error{ErrorKind::unavailable,
                    "too-many-connections",
                    "too many connections are open",
                    "raise http.max_connections",
                    {}};
  std::string body, out;
  append_problem(problem_of(error), body);
  append_head({.status = 503,
               .content_type = kProblemJson,
               .content_length = body.size(),
               .keep_alive = false,
               .extra = retry_after(503)},
              out);
  return out + body;
}

/// An issuer that stays keeps the keys that were read of it: until the next reading, which may fail, its tokens go on.
void keep_keys(const access::Policy* former, const access::Policy& next) {
  if (former == nullptr) return;
  for (const auto& fresh : next.key_stores())
    for (const auto& old : former->key_stores())
      if (const auto keys = old->source() == fresh->source() ? old->keys() : nullptr) fresh->replace(*keys);
}

}  // namespace

struct HttpServer::Impl {
  Impl(UserEventPublisher& publisher, const HttpOptions& options, std::unique_ptr<TlsFiles> tls) : service(publisher, options, std::move(tls)) {
    for (std::uint32_t i = 0; i < std::max(options.threads, 1u); ++i)
      loops.push_back(std::make_unique<Loop>(service));
    acceptor.emplace(loops.front()->io());
    pause.emplace(loops.front()->io());
  }

  [[nodiscard]] Result<void> listen(const ListenAddress& where);
  [[nodiscard]] Result<void> replace_clients(const HttpOptions& options);
  void wait_for_connections();
  void accept_some();
  void refuse(int socket);

  Service service;
  std::vector<std::unique_ptr<Loop>> loops;
  std::optional<Acceptor> acceptor;  // on the first loop
  std::optional<Timer> pause;
  asio::ip::tcp::endpoint endpoint;
  std::string url;
  std::size_t next_loop = 0;
  std::uint64_t listener = 0;
  std::vector<ClientOptions> clients;  // as the policy was made of them
  std::vector<IssuerOptions> issuers;
  std::unique_ptr<KeyRefresh> key_refresh;
  bool stopped = false;
};

Result<void> HttpServer::Impl::listen(const ListenAddress& where) {
  ErrorCode error;
  endpoint = {asio::ip::make_address(where.address, error), where.port};
  const auto text = service.options.listen;
  if (error) return listen_error(text, error);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(kBacklog, error);
  if (!error) acceptor->native_non_blocking(true, error);
  if (!error) endpoint = acceptor->local_endpoint(error);
  if (error) return listen_error(text, error);
  const std::string_view scheme = service.tls->context() != nullptr ? "https" : "http";
  url = endpoint.address().is_v6() ? fmt::format("{}://[{}]:{}", scheme, where.address, endpoint.port())
                                   : fmt::format("{}://{}:{}", scheme, where.address, endpoint.port());
  return {};
}

Result<void> HttpServer::Impl::replace_clients(const HttpOptions& options) {
  // SIGHUP means the catalogue and the certificates, too: nobody's stream ends for that.
  if (key_refresh != nullptr && options.clients == clients && options.issuers == issuers) return {};
  UE_TRY_ASSIGN(auto policy, access::Policy::make(options.clients, options.issuers));
  if (policy != nullptr) keep_keys(service.access.policy().get(), *policy);
  clients = options.clients;
  issuers = options.issuers;
  key_refresh = std::make_unique<KeyRefresh>(policy != nullptr ? policy->key_stores() : std::vector<std::shared_ptr<access::KeyStore>>());
  service.access.replace(std::move(policy));
  return {};
}

void HttpServer::Impl::wait_for_connections() {
  acceptor->async_wait(Acceptor::wait_read, [this](const ErrorCode& error) {
    if (!error) accept_some();
  });
}

void HttpServer::Impl::accept_some() {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    const int socket = ::accept4(acceptor->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        observability::log().warn("http: accept: no descriptors or memory left; trying again");
        pause->expires_after(kAcceptPause);
        return pause->async_wait([this](const ErrorCode& error) {
          if (!error) wait_for_connections();
        });
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      continue;  // that one connection is gone again
    }
    if (service.connections.load(std::memory_order_relaxed) >= service.options.max_connections) {
      refuse(socket);
      continue;
    }
    service.connections.fetch_add(1, std::memory_order_relaxed);
    loops[next_loop++ % loops.size()]->adopt(endpoint.protocol(), socket);
  }
  wait_for_connections();
}

void HttpServer::Impl::refuse(int socket) {
  static const std::string text = refusal();
  service.counters.refused_connections.fetch_add(1, std::memory_order_relaxed);
  // With TLS there is no telling before a handshake, which costs more than the connection may.
  if (service.tls->context() == nullptr)
    (void)!::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket, SHUT_WR);
  ::close(socket);
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// Without memory to end, the process ends. NOLINTNEXTLINE(bugprone-exception-escape)
HttpServer::~HttpServer() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(UserEventPublisher& publisher,
                                                      const HttpOptions& options) {
  UE_TRY_ASSIGN(const auto where, parse_listen(options));
  UE_TRY_ASSIGN(auto tls, TlsFiles::open(options.tls));
  auto impl = std::make_unique<Impl>(publisher, options, std::move(tls));
  UE_TRY(impl->replace_clients(options));
  UE_TRY(impl->listen(where));
  impl->listener = publisher.add_listener([loops = &impl->loops](std::uint64_t) {
    for (const auto& loop : *loops) loop->notice_advance();
  });
  impl->wait_for_connections();
  for (const auto& loop : impl->loops) loop->run_in_thread();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const noexcept { return impl_->endpoint.port(); }
const std::string& HttpServer::url() const noexcept { return impl_->url; }

Result<void> HttpServer::reload_certificates() { return impl_->service.tls->reload(); }
Result<bool> HttpServer::reload_changed_certificates() { return impl_->service.tls->reload_if_changed(); }

bool HttpServer::asks_for_clients() const noexcept { return impl_->service.access.asks(); }

Result<void> HttpServer::replace_clients(const HttpOptions& options) { return impl_->replace_clients(options); }

void HttpServer::stop(std::chrono::milliseconds deadline) {
  if (impl_->stopped) return;
  impl_->stopped = true;
  auto& service = impl_->service;
  const auto end = std::chrono::steady_clock::now() + deadline;
  service.stopping.store(true);
  asio::post(impl_->loops.front()->io(), [this] {
    ErrorCode ignored;
    impl_->acceptor->close(ignored);
    impl_->pause->cancel();
  });
  for (const auto& loop : impl_->loops) loop->begin_stop();
  while (service.connections.load() > 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(kStopPoll);
  service.publisher.remove_listener(impl_->listener);
  service.reads.stop();
  service.commands.stop();
  for (const auto& loop : impl_->loops) loop->finish_stop();
}

}  // namespace user_events::server
