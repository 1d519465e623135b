#include "destinations/nats/message.h"

#include "destinations/header_text.h"

namespace user_events::destinations::nats {

void MessageWriter::set(natsMsg* msg, const char* name, std::string_view value) {
  value_.clear();
  append_percent_encoded(value, value_);
  natsMsgHeader_Set(msg, name, value_.c_str());
}

void MessageWriter::set_attributes(natsMsg* msg, const Message& message) {
  const encoding::Envelope& envelope = message.envelope;
  if (config_.format == encoding::Format::cloudevents_binary) {
    natsMsgHeader_Set(msg, "ce-datacontenttype", "application/json");
    encoding::for_each_attribute(envelope, message.position, [&](std::string_view name, std::string_view value) {
      name_ = "ce-";
      name_ += name;
      set(msg, name_.c_str(), value);
    });
  } else {
    const encoding::AttributeTexts texts(envelope, message.position);
    set(msg, "ce-id", envelope.id);
    set(msg, "ce-sequence", texts.sequence());
    set(msg, "ce-journalid", message.position.journal_id);
  }
  if (message.replay > 0) set(msg, "ce-replay", std::to_string(message.replay));
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
  natsMsgHeader_Set(msg.get(), "content-type",
                    config_.format == encoding::Format::cloudevents ? "application/cloudevents+json; charset=UTF-8" : "application/json");
  set_attributes(msg.get(), message);
  return msg;
}

}  // namespace user_events::destinations::nats
