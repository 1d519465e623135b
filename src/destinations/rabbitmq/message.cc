#include "destinations/rabbitmq/message.h"

#include <charconv>

#include "destinations/header_text.h"
#include "destinations/rabbitmq/failure.h"

namespace user_events::destinations::rabbitmq {
namespace {

constexpr std::string_view kAppId = "user-events";
constexpr std::uint8_t kPersistent = 2;
constexpr std::size_t kHeadersAtFirst = 16;

}  // namespace

OutgoingMessage::OutgoingMessage(const Config& config, const Message& message)
    : sequence_(message.position.sequence), time_seconds_(static_cast<std::uint64_t>(std::max<std::int64_t>(message.envelope.time_ms, 0)) / 1'000),
      is_for_queue_(!message.target.empty()) {
  const auto& envelope = message.envelope;
  constexpr std::size_t kAttributesGuess = 768;
  text_.reserve(message.body.size() + envelope.extensions.size() + kAttributesGuess);
  headers_.reserve(kHeadersAtFirst);

  if (is_for_queue_)
    text_ = message.target;
  else
    config.routing_key.append(envelope.type, text_);
  routing_key_ = {0, static_cast<std::uint32_t>(text_.size())};
  const std::string id = deduplication_id(message);
  // An id of the full length leaves no room for the generation, which is in a header as well.
  message_id_ = add(id.size() <= kMaxShortBytes ? std::string_view(id) : envelope.id);
  type_ = add(envelope.type);
  for_each_header_attribute(message, [this](std::string_view name, std::string_view value) { add_header(name, value); });
  for_each_cause_header(message, [this](std::string_view name, std::string_view value) { headers_.push_back({add(name), add(value)}); });

  for (const auto& header : message.headers) headers_.push_back({add(header.name), add(header.value)});
  content_type_ = add(message.content_type);
  body_ = add(message.body);
}

OutgoingMessage::Part OutgoingMessage::add(std::string_view text) {
  const Part part{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
  text_ += text;
  return part;
}

void OutgoingMessage::add_header(std::string_view name, std::string_view value) {
  Header header;
  header.name = add(kHeaderPrefix);
  header.name.size += add(name).size;
  header.value = add(value);
  headers_.push_back(header);
}

amqp_bytes_t OutgoingMessage::bytes_of(Part part) const noexcept { return bytes(view_of(part)); }

std::size_t OutgoingMessage::properties_bytes() const noexcept {
  constexpr std::size_t kFixed = 64 + 4 * (kMaxShortBytes + 1);  // class, size, flags, numbers; content type, id, type, application
  constexpr std::size_t kPerHeader = 6;                          // a length byte, a kind, a length
  std::size_t size = kFixed;
  for (const Header& header : headers_) size += kPerHeader + header.name.size + header.value.size;
  return size;
}

amqp_basic_properties_t OutgoingMessage::properties(std::vector<amqp_table_entry_t>& entries) const {
  entries.resize(headers_.size());
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    entries[i].key = bytes_of(headers_[i].name);
    entries[i].value.kind = AMQP_FIELD_KIND_UTF8;
    entries[i].value.value.bytes = bytes_of(headers_[i].value);
  }
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                      AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_APP_ID_FLAG;
  properties.content_type = bytes_of(content_type_);
  properties.headers = {.num_entries = static_cast<int>(entries.size()), .entries = entries.data()};
  properties.delivery_mode = kPersistent;
  properties.message_id = bytes_of(message_id_);
  properties.timestamp = time_seconds_;
  properties.type = bytes_of(type_);
  properties.app_id = bytes(kAppId);
  return properties;
}

std::uint64_t sequence_in(const amqp_basic_properties_t& properties) noexcept {
  for (int i = 0; i < properties.headers.num_entries; ++i) {
    const amqp_table_entry_t& entry = properties.headers.entries[i];
    if (view(entry.key) != kSequenceHeader || entry.value.kind != AMQP_FIELD_KIND_UTF8) continue;
    const auto text = view(entry.value.value.bytes);
    std::uint64_t sequence = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
    if (error == std::errc{} && end == text.data() + text.size()) return sequence;
  }
  return 0;
}

}  // namespace user_events::destinations::rabbitmq
