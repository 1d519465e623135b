#include "destinations/rabbitmq/connection.h"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "destinations/rabbitmq/tls.h"
#include "destinations/rabbitmq/topology.h"

namespace user_events::destinations::rabbitmq {
namespace {

using std::chrono::milliseconds;

constexpr amqp_channel_t kChannel = 1;

timeval time_value(milliseconds time) {
  return {.tv_sec = time.count() / 1'000, .tv_usec = (time.count() % 1'000) * 1'000};
}

amqp_table_entry_t flag_entry(const char* name) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

}  // namespace

void Interrupter::set(int descriptor) noexcept {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (is_cut_) ::shutdown(descriptor, SHUT_RDWR);
}

void Interrupter::clear() noexcept {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void Interrupter::cut() noexcept {
  const std::lock_guard lock(mutex_);
  is_cut_ = true;
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

void Interrupter::reset() noexcept {
  const std::lock_guard lock(mutex_);
  is_cut_ = false;
}

Connection::Connection(const Config& config, Interrupter& interrupter)
    : config_(config), interrupter_(interrupter), connection_(amqp_new_connection()) {}

Connection::~Connection() {
  interrupter_.clear();
  amqp_destroy_connection(connection_);
}

std::expected<std::unique_ptr<Connection>, Failure> Connection::open(const Config& config, const HostPort& host, Interrupter& interrupter) {
  std::unique_ptr<Connection> connection(new Connection(config, interrupter));
  for (const auto step : {+[](Connection& one, const HostPort& to) { return one.connect(to); },
                          +[](Connection& one, const HostPort&) { return one.log_in(); }, +[](Connection& one, const HostPort&) { return one.open_channel(); }}) {
    if (auto failure = step(*connection, host)) {
      failure->text = fmt::format("{}: {}", host.text(), failure->text);
      return std::unexpected(*std::move(failure));
    }
  }
  return connection;
}

std::optional<Failure> Connection::connect(const HostPort& host) {
  if (connection_ == nullptr) return Failure{.text = "out of memory"};
  if (config_.tls.enabled) {
    if (auto failure = make_tls_socket(connection_, config_.tls, host.host)) return failure;
  } else if (amqp_tcp_socket_new(connection_) == nullptr) {
    return Failure{.text = "out of memory"};
  }
  const timeval timeout = time_value(config_.connect_timeout);
  amqp_set_handshake_timeout(connection_, &timeout);
  amqp_set_rpc_timeout(connection_, &timeout);
  errno = 0;
  const int status = amqp_socket_open_noblock(amqp_get_socket(connection_), host.host.c_str(), host.port, &timeout);
  const int system_error = errno;
  if (status != AMQP_STATUS_OK) {
    if (const auto problem = config_.tls.enabled ? certificate_problem() : std::string(); !problem.empty())
      return Failure{.kind = Failure::Kind::settings, .text = fmt::format("the broker's certificate is not accepted: {} (check tls_ca_file and hosts)", problem)};
    return library_failure(status, "connecting", system_error);
  }
  ::fcntl(descriptor(), F_SETFD, FD_CLOEXEC);
  interrupter_.set(descriptor());
  return std::nullopt;
}

std::optional<Failure> Connection::log_in() {
  amqp_table_entry_t blocked = flag_entry("connection.blocked");
  std::array<amqp_table_entry_t, 2> properties{};
  properties[0].key = amqp_cstring_bytes("capabilities");
  properties[0].value.kind = AMQP_FIELD_KIND_TABLE;
  properties[0].value.value.table = {.num_entries = 1, .entries = &blocked};
  properties[1].key = amqp_cstring_bytes("connection_name");
  properties[1].value.kind = AMQP_FIELD_KIND_UTF8;
  properties[1].value.value.bytes = amqp_cstring_bytes("user-events");
  const amqp_table_t table{.num_entries = properties.size(), .entries = properties.data()};
  const amqp_rpc_reply_t reply =
      amqp_login_with_properties(connection_, config_.vhost.c_str(), kChannel, kFrameBytes, static_cast<int>(config_.heartbeat.count()), &table,
                                 AMQP_SASL_METHOD_PLAIN, config_.user.c_str(), config_.password.c_str());
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return std::nullopt;
  return login_failure(reply);
}

std::optional<Failure> Connection::open_channel() {
  amqp_channel_open(connection_, kChannel);
  if (const auto reply = amqp_get_rpc_reply(connection_); reply.reply_type != AMQP_RESPONSE_NORMAL) return login_failure(reply);
  if (auto failure = prepare_topology(connection_, kChannel, config_)) return failure;
  amqp_confirm_select(connection_, kChannel);
  if (const auto reply = amqp_get_rpc_reply(connection_); reply.reply_type != AMQP_RESPONSE_NORMAL) return login_failure(reply);
  amqp_maybe_release_buffers(connection_);
  return std::nullopt;
}

std::optional<Failure> Connection::publish(const OutgoingMessage& message) {
  const amqp_basic_properties_t properties = message.properties(headers_);
  const std::string_view exchange = message.is_for_queue() ? std::string_view() : std::string_view(config_.exchange);
  const int status = amqp_basic_publish(connection_, kChannel, bytes(exchange), bytes(message.routing_key()), /*mandatory=*/1,
                                        /*immediate=*/0, &properties, bytes(message.body()));
  if (status == AMQP_STATUS_OK) return std::nullopt;
  return library_failure(status, "sending", errno);
}

std::optional<Failure> Connection::read(ConnectionListener& listener) {
  for (;;) {
    amqp_frame_t frame{};
    timeval none{};
    const int status = amqp_simple_wait_frame_noblock(connection_, &frame, &none);
    if (status == AMQP_STATUS_TIMEOUT) return std::nullopt;
    if (status != AMQP_STATUS_OK) return library_failure(status, "waiting for the broker", errno);
    auto failure = handle(frame, listener);
    amqp_maybe_release_buffers_on_channel(connection_, frame.channel);
    if (failure) return failure;
  }
}

std::optional<Failure> Connection::handle(const amqp_frame_t& frame, ConnectionListener& listener) {
  if (frame.frame_type == AMQP_FRAME_METHOD) return handle_method(frame.payload.method, listener);
  // A message that comes back: its headers tell which, its body is not looked at.
  if (frame.frame_type == AMQP_FRAME_HEADER)
    listener.on_return(sequence_in(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded)), returned_key_);
  return std::nullopt;
}

std::optional<Failure> Connection::handle_method(const amqp_method_t& method, ConnectionListener& listener) {
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
      listener.on_confirm(ack->delivery_tag, ack->multiple != 0, true);
      return std::nullopt;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
      listener.on_confirm(nack->delivery_tag, nack->multiple != 0, false);
      return std::nullopt;
    }
    case AMQP_BASIC_RETURN_METHOD:
      returned_key_ = view(static_cast<const amqp_basic_return_t*>(method.decoded)->routing_key);
      return std::nullopt;
    case AMQP_CONNECTION_BLOCKED_METHOD:
      listener.on_blocked(view(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason));
      return std::nullopt;
    case AMQP_CONNECTION_UNBLOCKED_METHOD: listener.on_unblocked(); return std::nullopt;
    default: break;
  }
  if (const auto exception = server_exception(method)) return sending_failure(exception->code, exception->text);
  return Failure{.kind = Failure::Kind::protocol, .text = fmt::format("the broker said {}, which was not expected", amqp_method_name(method.id))};
}

bool Connection::is_readable() const noexcept {
  pollfd one{.fd = descriptor(), .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) > 0;
}

void Connection::close(milliseconds deadline) noexcept {
  const timeval timeout = time_value(deadline);
  amqp_set_rpc_timeout(connection_, &timeout);
  (void)amqp_connection_close(connection_, AMQP_REPLY_SUCCESS);
}

}  // namespace user_events::destinations::rabbitmq
