// One event as an AMQP message: routing key, properties, headers, body.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/destination.h"
#include "destinations/rabbitmq/config.h"

namespace user_events::destinations::rabbitmq {

/// CloudEvents' AMQP binding (for AMQP 1.0) names its application properties so; RabbitMQ shows headers as these to AMQP 1.0 clients.
inline constexpr std::string_view kHeaderPrefix = "cloudEvents_";
inline constexpr std::string_view kSequenceHeader = "cloudEvents_sequence";

/// Owns all its bytes in one buffer. Movable; views and properties are valid until it is moved.
class OutgoingMessage {
 public:
  OutgoingMessage(const Config& config, const Message& message);

  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
  /// To the queue that `routing_key` names, through the default exchange: the copy of a dead letter.
  [[nodiscard]] bool is_for_queue() const noexcept { return is_for_queue_; }
  [[nodiscard]] std::string_view routing_key() const noexcept { return view_of(routing_key_); }
  [[nodiscard]] std::string_view body() const noexcept { return view_of(body_); }
  /// Bound on the serialised properties, which must fit in one frame.
  [[nodiscard]] std::size_t properties_bytes() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
  /// `entries` is where the headers' table lies; reused from call to call.
  [[nodiscard]] amqp_basic_properties_t properties(std::vector<amqp_table_entry_t>& entries) const;

 private:
  struct Part {
    std::uint32_t offset = 0, size = 0;
  };
  struct Header {
    Part name, value;
  };

  Part add(std::string_view text);
  void add_header(std::string_view name, std::string_view value);
  [[nodiscard]] std::string_view view_of(Part part) const noexcept { return std::string_view(text_).substr(part.offset, part.size); }
  [[nodiscard]] amqp_bytes_t bytes_of(Part part) const noexcept;

  std::string text_;
  std::vector<Header> headers_;
  Part routing_key_, message_id_, type_, content_type_, body_;
  std::uint64_t sequence_ = 0, time_seconds_ = 0;
  bool is_for_queue_ = false;
};

/// The sequence number in the headers of a message that came back; 0 if it is none of ours.
[[nodiscard]] std::uint64_t sequence_in(const amqp_basic_properties_t& properties) noexcept;

[[nodiscard]] inline amqp_bytes_t bytes(std::string_view text) noexcept {
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};  // librabbitmq only reads
}

}  // namespace user_events::destinations::rabbitmq
