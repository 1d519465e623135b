#include "schemas/protobuf_types.h"

namespace user_events::schemas {

ProtobufKind protobuf_kind(const Shape& shape) noexcept {
  const bool of_values =
      shape.element != nullptr && protobuf_element_kind(*shape.element) == ProtobufKind::value;
  switch (shape.kind) {
    case Kind::boolean:
      return ProtobufKind::boolean;
    case Kind::integer:
      return ProtobufKind::integer;
    case Kind::number:
      return ProtobufKind::number;
    case Kind::text:
    case Kind::enumeration:
      return ProtobufKind::text;
    case Kind::timestamp:
      return ProtobufKind::timestamp;
    case Kind::object:
      return ProtobufKind::object;
    case Kind::array:
      return ProtobufKind::array;
    case Kind::map:
      return of_values ? ProtobufKind::struct_map : ProtobufKind::map;
    case Kind::any:
      break;
  }
  return ProtobufKind::value;
}

ProtobufKind protobuf_element_kind(const Shape& shape) noexcept {
  if (shape.nullable) return ProtobufKind::value;
  const ProtobufKind kind = protobuf_kind(shape);
  const bool of_values =
      kind == ProtobufKind::array && protobuf_element_kind(*shape.element) == ProtobufKind::value;
  return of_values ? ProtobufKind::list_value : kind;
}

}  // namespace user_events::schemas
