#include "rabbitmq/bare_publisher.h"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <poll.h>

#include <cstdio>
#include <cstdlib>

namespace user_events::bench {
namespace {

constexpr amqp_channel_t kChannel = 1;

[[noreturn]] void die(const char* why) {
  std::fprintf(stderr, "bare publisher: %s\n", why);
  std::exit(1);
}

amqp_bytes_t bytes(const std::string& text) { return {text.size(), const_cast<char*>(text.data())}; }

void require(const amqp_rpc_reply_t& reply, const char* what) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) die(what);
}

}  // namespace

BarePublisher::BarePublisher(int port, std::string exchange, std::size_t outstanding)
    : connection_(amqp_new_connection()), exchange_(std::move(exchange)), outstanding_(outstanding) {
  if (amqp_socket_open(amqp_tcp_socket_new(connection_), "127.0.0.1", port) != AMQP_STATUS_OK) die("no connection");
  require(amqp_login(connection_, "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
  amqp_channel_open(connection_, kChannel);
  require(amqp_get_rpc_reply(connection_), "channel");
  amqp_confirm_select(connection_, kChannel);
  require(amqp_get_rpc_reply(connection_), "confirms");
}

BarePublisher::~BarePublisher() {
  amqp_connection_close(connection_, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection_);
}

void BarePublisher::publish(const BareMessage& message) {
  entries_.resize(message.headers.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].key = bytes(message.headers[i].first);
    entries_[i].value.kind = AMQP_FIELD_KIND_UTF8;
    entries_[i].value.value.bytes = bytes(message.headers[i].second);
  }
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                      AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_APP_ID_FLAG;
  properties.content_type = amqp_cstring_bytes("application/cloudevents+json; charset=UTF-8");
  properties.headers = {static_cast<int>(entries_.size()), entries_.data()};
  properties.delivery_mode = 2;
  properties.message_id = bytes(message.message_id);
  properties.timestamp = 1'700'000'000;
  properties.type = bytes(message.routing_key);
  properties.app_id = amqp_cstring_bytes("user-events");
  if (amqp_basic_publish(connection_, kChannel, bytes(exchange_), bytes(message.routing_key), 1, 0, &properties, bytes(message.body)) != AMQP_STATUS_OK)
    die("publish");
  ++published_;
}

void BarePublisher::read(bool wait) {
  for (;;) {
    amqp_frame_t frame;
    timeval none{};
    const int status = amqp_simple_wait_frame_noblock(connection_, &frame, wait ? nullptr : &none);
    if (status == AMQP_STATUS_TIMEOUT) return;
    if (status != AMQP_STATUS_OK) die(amqp_error_string2(status));
    if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) die("an answer that is no ack");
    const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
    confirmed_ = ack->multiple != 0 ? ack->delivery_tag : confirmed_ + 1;
    amqp_maybe_release_buffers_on_channel(connection_, kChannel);
    wait = false;
  }
}

void BarePublisher::send(const std::vector<BareMessage>& messages) {
  constexpr std::size_t kBetweenReads = 32;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    while (published_ - confirmed_ >= outstanding_) read(true);
    publish(messages[i]);
    if (i % kBetweenReads == 0) read(false);
  }
  while (confirmed_ < published_) read(true);
}

}  // namespace user_events::bench
