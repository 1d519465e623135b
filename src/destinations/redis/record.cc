#include "destinations/redis/record.h"

#include "destinations/header_text.h"

namespace user_events::destinations::redis {

RecordWriter::RecordWriter(const Config& config) : config_(config), max_length_(std::to_string(config.max_length)) {}

void RecordWriter::add(std::string_view name, std::string_view value) {
  for (const std::string_view text : {name, value}) {
    pieces_.push_back({names_and_values_.size(), text.size()});
    names_and_values_ += text;
  }
}

const std::vector<std::string_view>& RecordWriter::write(const Message& message) {
  const encoding::Envelope& envelope = message.envelope;
  key_.clear();
  config_.key.append(envelope.type, key_);
  names_and_values_.clear();
  pieces_.clear();
  add("content-type", message.content_type);
  for_each_header_attribute(message, [this](std::string_view name, std::string_view value) { add("ce_" + std::string(name), value); });
  for (const auto& header : message.headers) add(header.name, header.value);
  add("key", envelope.partition_key);

  words_ = {"XADD", key_};
  if (config_.max_length > 0) words_.insert(words_.end(), {"MAXLEN", "~", max_length_});
  words_.emplace_back("*");
  for (const Piece& piece : pieces_) words_.push_back(std::string_view(names_and_values_).substr(piece.begin, piece.size));
  words_.insert(words_.end(), {"data", message.body});
  return words_;
}

}  // namespace user_events::destinations::redis
