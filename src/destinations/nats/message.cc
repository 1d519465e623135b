#include "destinations/nats/message.h"

#include "destinations/header_text.h"

namespace user_events::destinations::nats {

void MessageWriter::set(natsMsg* msg, const char* name, std::string_view value) {
  value_.clear();
  append_percent_encoded(value, value_);
  natsMsgHeader_Set(msg, name, value_.c_str());
}

void MessageWriter::set_attributes(natsMsg* msg, const Message& message) {
  if (config_.format == encoding::Format::cloudevents_binary) natsMsgHeader_Set(msg, "ce-datacontenttype", "application/json");
  for_each_header_attribute(config_.format, message, [&](std::string_view name, std::string_view value) {
    name_ = "ce-";
    name_ += name;
    set(msg, name_.c_str(), value);
  });
}

Msg MessageWriter::write(const Message& message) {
  subject_.clear();
  config_.subject.append(message.envelope.type, subject_);
  body_.clear();
  encoding::append_body(config_.format, message.envelope, message.position, body_);
  Msg msg;
  if (natsMsg_Create(msg.put(), subject_.c_str(), nullptr, body_.data(), static_cast<int>(body_.size())) != NATS_OK) return {};
  set(msg.get(), "Nats-Msg-Id", deduplication_id(message));
  natsMsgHeader_Set(msg.get(), "Nats-Expected-Stream", config_.stream.c_str());
  natsMsgHeader_Set(msg.get(), "content-type", content_type(config_.format).data());  // NOLINT(bugprone-suspicious-stringview-data-usage): a literal
  set_attributes(msg.get(), message);
  return msg;
}

}  // namespace user_events::destinations::nats
