#include "destinations/rabbitmq/failure.h"

#include <amqp_framing.h>
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace user_events::destinations::rabbitmq {
namespace {

using Kind = Failure::Kind;

constexpr std::size_t kMaxTextBytes = 300;

std::string one_line(std::string_view text) {
  std::string line(text.substr(0, kMaxTextBytes));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return line;
}

/// The number behind `mark`; 0 if there is none.
std::uint64_t number_after(std::string_view text, std::string_view mark) {
  std::uint64_t value = 0;
  if (const auto at = text.find(mark); at != std::string_view::npos)
    (void)std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), value);
  return value;
}

bool is_tls_error(int status) noexcept { return status <= AMQP_STATUS_SSL_ERROR && status > _AMQP_STATUS_SSL_NEXT_VALUE; }

}  // namespace

std::optional<ServerException> server_exception(const amqp_method_t& method) {
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
    return ServerException{close->reply_code, one_line(view(close->reply_text))};
  }
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
    return ServerException{close->reply_code, one_line(view(close->reply_text))};
  }
  return std::nullopt;
}

Failure sending_failure(std::uint16_t code, std::string_view reply_text) {
  const std::string text = one_line(reply_text);
  switch (code) {
    case AMQP_CONNECTION_FORCED:
      return {.kind = Kind::network, .text = fmt::format("the broker ends connections: {}", text)};
    case AMQP_ACCESS_REFUSED:
      if (text.find("'amq.default'") != std::string::npos)
        return {.kind = Kind::queue_access, .text = fmt::format("{} (grant this user the right to write to amq.default, or remove dead_letter_topic)", text)};
      return {.kind = Kind::access, .text = fmt::format("{} (grant this user the right to write to the exchange: rabbitmqctl set_permissions)", text)};
    case AMQP_NOT_FOUND:
      return {.kind = Kind::access, .text = fmt::format("{} (make the exchange, or set declare = \"create\")", text)};
    case AMQP_PRECONDITION_FAILED:
      if (text.find("larger than") == std::string::npos) break;
      return {.kind = Kind::too_large,
              .text = text,
              .limit_bytes = number_after(text, "max size ")};
    default: break;
  }
  return {.kind = Kind::protocol, .text = fmt::format("the broker closed the channel: {} {}", code, text)};
}

Failure login_failure(const amqp_rpc_reply_t& reply) {
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return library_failure(reply.library_error, "logging in");
  const auto exception = server_exception(reply.reply);
  if (!exception) return {.kind = Kind::protocol, .text = "logging in: an answer that was not expected"};
  switch (exception->code) {
    case AMQP_ACCESS_REFUSED:
      return {.kind = Kind::settings, .text = fmt::format("login refused: {} (check user and password)", exception->text)};
    case AMQP_NOT_ALLOWED:
      return {.kind = Kind::settings, .text = fmt::format("{} (check vhost, and this user's rights in it: rabbitmqctl set_permissions)", exception->text)};
    case AMQP_CONNECTION_FORCED: return {.kind = Kind::network, .text = fmt::format("the broker takes no connections: {}", exception->text)};
    default: return {.kind = Kind::protocol, .text = fmt::format("logging in: {} {}", exception->code, exception->text)};
  }
}

Failure topology_failure(const amqp_rpc_reply_t& reply, std::string_view what) {
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return library_failure(reply.library_error, what);
  const auto exception = server_exception(reply.reply);
  if (!exception) return {.kind = Kind::protocol, .text = fmt::format("{}: an answer that was not expected", what)};
  std::string_view hint;
  switch (exception->code) {
    case AMQP_CONNECTION_FORCED: return {.kind = Kind::network, .text = fmt::format("the broker ends connections: {}", exception->text)};
    case AMQP_NOT_FOUND: hint = R"(make it, or set declare = "create")"; break;
    case AMQP_ACCESS_REFUSED: hint = R"(grant this user the right to configure and bind it, or set declare = "check")"; break;
    case AMQP_PRECONDITION_FAILED: hint = R"(it exists with other properties: delete it, or set declare = "check")"; break;
    default: hint = "see the broker's log";
  }
  return {.kind = Kind::settings, .text = fmt::format("{}: {} ({})", what, exception->text, hint)};
}

Failure library_failure(int status, std::string_view doing, int system_error) {
  switch (status) {
    case AMQP_STATUS_TABLE_TOO_BIG:
    case AMQP_STATUS_BAD_AMQP_DATA:
    case AMQP_STATUS_INVALID_PARAMETER: return {.kind = Kind::message, .text = fmt::format("{}: {}", doing, amqp_error_string2(status))};
    case AMQP_STATUS_HEARTBEAT_TIMEOUT: return {.kind = Kind::network, .text = fmt::format("{}: the broker is silent (no heartbeat)", doing)};
    case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD:
      return {.kind = Kind::settings, .text = fmt::format("{}: the broker offers no login with user and password (PLAIN)", doing)};
    default: break;
  }
  if (is_tls_error(status))
    return {.kind = Kind::settings, .text = fmt::format("{}: {} (does the port speak TLS, and does it ask for a client certificate?)", doing,
                                                        amqp_error_string2(status))};
  // librabbitmq keeps the connect's own error for itself.
  if (status == AMQP_STATUS_SOCKET_ERROR && system_error == EINPROGRESS)
    return {.kind = Kind::network, .text = fmt::format("{}: refused, or no way there (is the broker running, and is this its port?)", doing)};
  const bool tells_more = system_error != 0 && (status == AMQP_STATUS_SOCKET_ERROR || status == AMQP_STATUS_TCP_ERROR);
  return {.kind = Kind::network, .text = fmt::format("{}: {}", doing, tells_more ? std::strerror(system_error) : amqp_error_string2(status))};
}

}  // namespace user_events::destinations::rabbitmq
