#include "destinations/nats/message.h"

#include "destinations/header_text.h"

namespace user_events::destinations::nats {

void MessageWriter::set(natsMsg* msg, const char* name, std::string_view value) {
  value_.clear();
  append_percent_encoded(value, value_);
  natsMsgHeader_Set(msg, name, value_.c_str());
}

void MessageWriter::set_attributes(natsMsg* msg, const Message& message) {
  if (message.attributes_in_headers) set(msg, "ce-datacontenttype", message.content_type);
  for_each_header_attribute(message, [&](std::string_view name, std::string_view value) {
    name_ = "ce-";
    name_ += name;
    set(msg, name_.c_str(), value);
  });
}

Msg MessageWriter::write(const Message& message) {
  subject_.clear();
  config_.subject.append(message.envelope.type, subject_);
  Msg msg;
  if (natsMsg_Create(msg.put(), subject_.c_str(), nullptr, message.body.data(), static_cast<int>(message.body.size())) != NATS_OK) return {};
  set(msg.get(), "Nats-Msg-Id", deduplication_id(message));
  natsMsgHeader_Set(msg.get(), "Nats-Expected-Stream", config_.stream.c_str());
  const auto set_plain = [&](std::string_view name, std::string_view value) {
    name_ = name;
    value_ = value;
    natsMsgHeader_Set(msg.get(), name_.c_str(), value_.c_str());
  };
  set_plain("content-type", message.content_type);
  for (const auto& header : message.headers) set_plain(header.name, header.value);
  set_attributes(msg.get(), message);
  return msg;
}

}  // namespace user_events::destinations::nats
