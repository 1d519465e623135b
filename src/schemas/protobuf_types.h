// How shapes become Protobuf types: what the text writes and the encoder follows. Private to the room.
#pragma once

#include <cstdint>

#include "schemas/model.h"

namespace user_events::schemas {

/// Members of an open object that have no name of their own: the last number there is.
inline constexpr std::uint32_t kProtobufExtraNumber = 536'870'911;

enum class ProtobufKind : std::uint8_t {
  boolean,     ///< bool
  integer,     ///< int64
  number,      ///< double
  text,        ///< string; enumerations, too
  timestamp,   ///< google.protobuf.Timestamp
  object,      ///< a message
  value,       ///< google.protobuf.Value
  list_value,  ///< google.protobuf.ListValue
  struct_map,  ///< google.protobuf.Struct
  array,       ///< repeated; inside an array or map a message `…List` with one repeated field
  map,         ///< map<string, …>; inside an array or map a message `…Map` with one map field
};

/// Of a field by itself.
[[nodiscard]] ProtobufKind protobuf_kind(const Shape& shape) noexcept;
/// Of an array's items or a map's values: they cannot be null, so what may be null is a
/// google.protobuf.Value.
[[nodiscard]] ProtobufKind protobuf_element_kind(const Shape& shape) noexcept;

}  // namespace user_events::schemas
