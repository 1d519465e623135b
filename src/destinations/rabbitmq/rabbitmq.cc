#include "destinations/rabbitmq/rabbitmq.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "destinations/rabbitmq/access.h"

namespace user_events::destinations::rabbitmq {
namespace {

using std::chrono::milliseconds;

/// Handed over at once, so that the connection's thread is not woken for each.
constexpr std::size_t kBatch = 128;

}  // namespace

RabbitMqDestination::RabbitMqDestination(Config config)
    : config_(std::move(config)), features_{.max_in_flight = config_.max_in_flight, .max_message_bytes = config_.max_message_bytes} {}

Result<void> RabbitMqDestination::start(std::string_view, std::string_view, std::uint64_t) {
  batch_.clear();
  batch_bytes_ = 0;
  refused_.clear();
  in_flight_ = 0;
  io_.start();
  return {};
}

SendStatus RabbitMqDestination::send(const Message& message) {
  if (!io_.is_open() || in_flight_ >= config_.max_in_flight || batch_bytes_ + io_.queued_bytes() >= kMaxQueuedBytes) return SendStatus::busy;
  OutgoingMessage outgoing(config_, message);
  ++in_flight_;
  if (auto reason = objection(outgoing); !reason.empty()) {
    refused_.push_back({.sequence = message.position.sequence, .outcome = Outcome::refused, .reason = std::move(reason)});
    return SendStatus::queued;
  }
  batch_bytes_ += outgoing.size();
  batch_.push_back(std::move(outgoing));
  if (batch_.size() >= kBatch) hand_over();
  return SendStatus::queued;
}

std::string RabbitMqDestination::objection(const OutgoingMessage& message) const {
  if (message.is_for_queue() && io_.queues_are_forbidden()) return "this user may not write to amq.default, by which a dead letter gets to its queue";
  if (message.routing_key().size() > kMaxShortBytes) return fmt::format("a routing key of {} bytes; AMQP has at most {}", message.routing_key().size(), kMaxShortBytes);
  if (message.body().size() > io_.max_body_bytes())
    return fmt::format("a message of {} bytes; at most {} are taken (max_message_bytes, the broker's max_message_size)", message.body().size(), io_.max_body_bytes());
  if (message.properties_bytes() > io_.max_properties_bytes())
    return fmt::format("headers of {} bytes do not fit in a frame of the broker's frame_max", message.properties_bytes());
  return {};
}

void RabbitMqDestination::hand_over() {
  if (batch_.empty()) return;
  io_.submit(batch_);
  batch_bytes_ = 0;
}

void RabbitMqDestination::poll(std::vector<Report>& out, milliseconds timeout) {
  hand_over();
  const auto before = out.size();
  if (!refused_.empty()) {
    out.insert(out.end(), std::make_move_iterator(refused_.begin()), std::make_move_iterator(refused_.end()));
    refused_.clear();
    timeout = milliseconds(0);
  }
  io_.collect(out, timeout);
  in_flight_ -= out.size() - before;
}

void RabbitMqDestination::close(milliseconds deadline) {
  hand_over();
  io_.close(deadline);
}

}  // namespace user_events::destinations::rabbitmq

namespace user_events::destinations {

Kind rabbitmq_kind() {
  Kind kind = make_kind<rabbitmq::RabbitMqDestination, rabbitmq::parse, rabbitmq::place_of>(
      "rabbitmq", {"hosts", "vhost", "user", "password", "tls", "tls_ca_file", "tls_cert_file", "tls_key_file", "tls_verify", "unsafe", "heartbeat",
       "connect_timeout", "confirm_timeout", "reconnect_max", "declare", "queue", "queue_type", "binding_key", "routing_key", "unroutable", "max_in_flight",
       "max_message_bytes", "management_url"}, {.dead_letters = true});
  kind.access = &rabbitmq::access_control();
  return kind;
}

}  // namespace user_events::destinations
