#include "destinations/header_text.h"

#include "base/uri_text.h"

namespace user_events::destinations {

void append_percent_encoded(std::string_view value, std::string& out) {
  base::append_percent_encoded(value, out, [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '%'; });
}

std::string deduplication_id(const Message& message) {
  std::string id(message.envelope.id);
  if (message.position.replay > 0) id += "." + std::to_string(message.position.replay);
  return id;
}

}  // namespace user_events::destinations
