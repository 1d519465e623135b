#include "destinations/header_text.h"

namespace user_events::destinations {

void append_percent_encoded(std::string_view value, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '"' && c != '%') {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
}

std::string deduplication_id(const Message& message) {
  std::string id(message.envelope.id);
  if (message.position.replay > 0) id += "." + std::to_string(message.position.replay);
  return id;
}

}  // namespace user_events::destinations
