// What stands before the data of a body whose schema is in a registry: a zero byte, the id in four bytes, big endian, and for Protobuf the
// path to the message in the file (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format).
#pragma once

#include <cstdint>
#include <string>

#include "registry/client.h"

namespace user_events::registry {

inline constexpr std::size_t kMaxPrefixBytes = 6;

/// The message is the first of the file, whose path (the array [0]) is written as the single byte 0.
inline void append_prefix(SchemaType type, std::uint32_t id, std::string& out) {
  out += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(id >> shift & 0xFF);
  if (type == SchemaType::protobuf) out += '\0';
}

}  // namespace user_events::registry
