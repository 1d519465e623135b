// Bare librabbitmq with 1,000 outstanding confirms and the same properties, headers and bodies, mandatory and
// persistent.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <array>

#include "brokers/rabbitmq_broker.h"
#include "destinations/brokers.h"

namespace user_events::bench {
namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr std::size_t kOutstanding = 1'000;

amqp_bytes_t bytes(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

amqp_table_entry_t header(std::string_view name, std::string_view value) {
  amqp_table_entry_t entry{};
  entry.key = bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes(value);
  return entry;
}

void require(const amqp_rpc_reply_t& reply, const char* what) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) die(what);
}

class BarePublisher final : public BareClient {
 public:
  BarePublisher(int port, std::string exchange)
      : connection_(amqp_new_connection()), exchange_(std::move(exchange)) {
    if (amqp_socket_open(amqp_tcp_socket_new(connection_), "127.0.0.1", port) != AMQP_STATUS_OK)
      die("no connection");
    require(amqp_login(connection_, "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
    amqp_channel_open(connection_, kChannel);
    require(amqp_get_rpc_reply(connection_), "channel");
    amqp_confirm_select(connection_, kChannel);
    require(amqp_get_rpc_reply(connection_), "confirms");
  }
  ~BarePublisher() override {
    amqp_connection_close(connection_, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection_);
  }

  void send(std::span<const Event> events, Latencies& latencies) override {
    constexpr std::size_t kBetweenReads = 32;
    first_ = published_;
    for (std::size_t i = 0; i < events.size(); ++i) {
      while (published_ - confirmed_ >= kOutstanding) read(true, latencies);
      latencies.sent(i);
      publish(events[i]);
      if (i % kBetweenReads == 0) read(false, latencies);
    }
    while (confirmed_ < published_) read(true, latencies);
  }

 private:
  void publish(const Event& event) {
    std::array headers = {header("cloudEvents_id", event.id), header("cloudEvents_journalid", kJournalId),
                          header("cloudEvents_sequence", event.sequence)};
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG |
                        AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                        AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_APP_ID_FLAG;
    properties.content_type = amqp_cstring_bytes("application/cloudevents+json; charset=UTF-8");
    properties.headers = {static_cast<int>(headers.size()), headers.data()};
    properties.delivery_mode = 2;
    properties.message_id = bytes(event.id);
    properties.timestamp = 1'700'000'000;
    properties.type = amqp_cstring_bytes("user.created");
    properties.app_id = amqp_cstring_bytes("user-events");
    if (amqp_basic_publish(connection_, kChannel, bytes(exchange_), properties.type, 1, 0, &properties,
                           bytes(event.body)) != AMQP_STATUS_OK)
      die("publish");
    ++published_;
  }

  /// Reads what is there; `wait`: at least one confirm.
  void read(bool wait, Latencies& latencies) {
    for (;;) {
      amqp_frame_t frame;
      timeval none{};
      const int status = amqp_simple_wait_frame_noblock(connection_, &frame, wait ? nullptr : &none);
      if (status == AMQP_STATUS_TIMEOUT) return;
      if (status != AMQP_STATUS_OK) die(amqp_error_string2(status));
      if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) die("an answer that is no ack");
      const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
      // Single acks come in order but for rare ones; what is counted is right in any case.
      for (const std::uint64_t upto = ack->multiple != 0 ? ack->delivery_tag : confirmed_ + 1;
           confirmed_ < upto; ++confirmed_)
        latencies.acknowledged(static_cast<std::size_t>(confirmed_ - first_));
      amqp_maybe_release_buffers_on_channel(connection_, kChannel);
      wait = false;
    }
  }

  amqp_connection_state_t connection_;
  std::string exchange_;
  std::uint64_t first_ = 0, published_ = 0, confirmed_ = 0;
};

class RabbitMq final : public Broker {
 public:
  explicit RabbitMq(std::string queue_type) : queue_type_(std::move(queue_type)) {}
  void start() override { broker_.start(); }
  void make_place(const std::string& place) override {
    broker_.declare_exchange(place);
    broker_.declare_queue(place, place, "#", {{"x-queue-type", queue_type_}});
  }
  void remove_place(const std::string& place) override {
    broker_.delete_queue(place);
    broker_.delete_exchange(place);
  }
  DestinationOptions options(const std::string& place) const override {
    DestinationOptions options;
    options.name = options.kind = "rabbitmq";
    options.topic = place;
    options.settings["hosts"] = broker_.address();
    return options;
  }
  std::unique_ptr<BareClient> connect(const std::string& place) const override {
    return std::make_unique<BarePublisher>(broker_.port(), place);
  }

 private:
  const std::string queue_type_;
  tests::RabbitBroker broker_;
};

}  // namespace

std::unique_ptr<Broker> rabbitmq_classic() { return std::make_unique<RabbitMq>("classic"); }
std::unique_ptr<Broker> rabbitmq_quorum() { return std::make_unique<RabbitMq>("quorum"); }

}  // namespace user_events::bench
