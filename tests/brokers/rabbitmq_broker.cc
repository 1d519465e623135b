#include "brokers/rabbitmq_broker.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace user_events::tests {
namespace {

constexpr amqp_channel_t kChannel = 1;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("rabbitmq broker: " + what); }

std::string text(const amqp_bytes_t& bytes) { return {static_cast<const char*>(bytes.bytes), bytes.len}; }
amqp_bytes_t bytes(const std::string& of) { return {of.size(), const_cast<char*>(of.data())}; }

void require(const amqp_rpc_reply_t& reply, const std::string& what) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) give_up(what + ": " + amqp_error_string2(reply.library_error));
  if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) give_up(what + ": " + text(static_cast<amqp_channel_close_t*>(reply.reply.decoded)->reply_text));
  give_up(what + ": the broker refused");
}

class Client {
 public:
  explicit Client(int port) : connection_(amqp_new_connection(), [](amqp_connection_state_t one) { amqp_destroy_connection(one); }) {
    amqp_socket_t* socket = amqp_tcp_socket_new(get());
    if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) give_up("no connection");
    require(amqp_login(get(), "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
    amqp_channel_open(get(), kChannel);
    check("channel");
  }
  ~Client() { amqp_connection_close(get(), AMQP_REPLY_SUCCESS); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] amqp_connection_state_t get() const noexcept { return connection_.get(); }
  void check(const std::string& what) const { require(amqp_get_rpc_reply(get()), what); }

 private:
  std::unique_ptr<std::remove_pointer_t<amqp_connection_state_t>, void (*)(amqp_connection_state_t)> connection_;
};

RabbitRecord record_of(const std::string& routing_key, const amqp_message_t& message) {
  const auto& properties = message.properties;
  RabbitRecord record;
  record.routing_key = routing_key;
  record.body = text(message.body);
  record.content_type = text(properties.content_type);
  record.message_id = text(properties.message_id);
  record.type = text(properties.type);
  record.app_id = text(properties.app_id);
  record.timestamp = properties.timestamp;
  record.delivery_mode = properties.delivery_mode;
  for (int i = 0; i < properties.headers.num_entries; ++i)
    record.headers.emplace_back(text(properties.headers.entries[i].key), text(properties.headers.entries[i].value.value.bytes));
  return record;
}

void consume_until_silence(const Client& client, const std::string& queue, std::vector<RabbitRecord>& records) {
  const std::string tag = "reader";
  amqp_basic_consume(client.get(), kChannel, bytes(queue), bytes(tag), /*no_local=*/0, /*no_ack=*/0, /*exclusive=*/0, amqp_empty_table);
  client.check("consume " + queue);
  // What is not acknowledged goes back into its place: what is still on its way when we leave is not lost.
  std::uint64_t last = 0;
  const auto acknowledge = [&] {
    if (last != 0 && amqp_basic_ack(client.get(), kChannel, last, /*multiple=*/1) != AMQP_STATUS_OK) give_up("acknowledging");
    last = 0;
  };
  for (;;) {
    amqp_maybe_release_buffers(client.get());
    amqp_envelope_t envelope;
    const timeval silence{.tv_sec = 0, .tv_usec = 200'000};
    const auto reply = amqp_consume_message(client.get(), &envelope, &silence, 0);
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT) break;
    require(reply, "consuming " + queue);
    records.push_back(record_of(text(envelope.routing_key), envelope.message));
    last = envelope.delivery_tag;
    amqp_destroy_envelope(&envelope);
    constexpr std::size_t kBetweenAcknowledgements = 500;
    if (records.size() % kBetweenAcknowledgements == 0) acknowledge();
  }
  acknowledge();
}

/// False if the queue is empty, and says so itself: silence alone would not prove it.
bool get_one(const Client& client, const std::string& queue, std::vector<RabbitRecord>& records) {
  const auto reply = amqp_basic_get(client.get(), kChannel, bytes(queue), /*no_ack=*/1);
  require(reply, "get from " + queue);
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return false;
  const std::string routing_key = text(static_cast<amqp_basic_get_ok_t*>(reply.reply.decoded)->routing_key);
  amqp_message_t message;
  require(amqp_read_message(client.get(), kChannel, &message, 0), "reading from " + queue);
  records.push_back(record_of(routing_key, message));
  amqp_destroy_message(&message);
  return true;
}

}  // namespace

std::string RabbitRecord::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

RabbitBroker::RabbitBroker(const std::string& extra_settings) : BrokerScript("rabbitmq") {
  if (extra_settings.empty()) return;
  std::string settings = extra_settings;
  for (std::size_t at; (at = settings.find("@DIR@")) != std::string::npos;) settings.replace(at, 5, folder());
  write_file("extra.conf", settings + "\n");
}

std::string RabbitBroker::ctl(const std::string& arguments) const { return run("ctl " + folder() + " " + arguments); }

std::string RabbitBroker::read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void RabbitBroker::declare_exchange(const std::string& name) const {
  const Client client(port());
  const std::string type = "topic";
  amqp_exchange_declare(client.get(), kChannel, bytes(name), bytes(type), 0, 1, 0, 0, amqp_empty_table);
  client.check("exchange " + name);
}

void RabbitBroker::delete_exchange(const std::string& name) const {
  const Client client(port());
  amqp_exchange_delete(client.get(), kChannel, bytes(name), 0);
  client.check("exchange " + name);
}

void RabbitBroker::declare_queue(const std::string& name, const std::string& exchange, const std::string& binding_key,
                                 const std::vector<std::pair<std::string, std::string>>& arguments) const {
  {
    const Client client(port());
    std::vector<amqp_table_entry_t> entries(arguments.size());
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const auto& [key, value] = arguments[i];
      entries[i].key = bytes(key);
      const bool is_number = value.find_first_not_of("0123456789") == std::string::npos;
      entries[i].value.kind = is_number ? AMQP_FIELD_KIND_I64 : AMQP_FIELD_KIND_UTF8;
      if (is_number)
        entries[i].value.value.i64 = std::stoll(value);
      else
        entries[i].value.value.bytes = bytes(value);
    }
    amqp_queue_declare(client.get(), kChannel, bytes(name), 0, 1, 0, 0, {static_cast<int>(entries.size()), entries.data()});
    client.check("queue " + name);
  }
  if (!exchange.empty()) bind_queue(name, exchange, binding_key);
}

void RabbitBroker::bind_queue(const std::string& name, const std::string& exchange, const std::string& binding_key) const {
  const Client client(port());
  amqp_queue_bind(client.get(), kChannel, bytes(name), bytes(exchange), bytes(binding_key), amqp_empty_table);
  client.check("binding of " + name);
}

void RabbitBroker::delete_queue(const std::string& name) const {
  const Client client(port());
  amqp_queue_delete(client.get(), kChannel, bytes(name), 0, 0);
  client.check("queue " + name);
}

std::vector<RabbitRecord> RabbitBroker::drain(const std::string& queue) const {
  std::vector<RabbitRecord> records;
  do {
    const Client client(port());  // its end takes its consumer along
    consume_until_silence(client, queue, records);
  } while (get_one(Client(port()), queue, records));
  return records;
}

}  // namespace user_events::tests
