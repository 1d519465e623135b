// A model, made ready for encoding: flat, with names as they stand in data. Private to the room.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/model.h"
#include "schemas/protobuf_types.h"
#include "schemas/texts.h"

namespace user_events::schemas {

inline constexpr std::uint32_t kNoShape = std::numeric_limits<std::uint32_t>::max();

struct PlanShape {
  Kind kind = Kind::any;
  ProtobufKind field = ProtobufKind::value;    ///< As a field by itself.
  ProtobufKind element = ProtobufKind::value;  ///< As an item or a map's value.
  bool nullable = false;
  bool avro_enum = false;
  std::vector<std::string> symbols;  ///< Of an Avro enum, as they stand in data, with quotes.
  std::uint32_t inner = kNoShape;    ///< Of an array or map.
  std::uint32_t object = 0;          ///< Of kind object.
};

struct PlanField {
  std::string name;
  std::string prefix;  ///< `"name":` as it stands in data.
  std::uint32_t shape = 0;
  std::uint32_t number = 0;
  bool required = false;
};

struct PlanObject {
  std::vector<PlanField> fields;         ///< In the order in which they are written.
  std::vector<std::uint32_t> by_prefix;  ///< Indexes into fields.
  std::vector<std::uint32_t>
      following;  ///< Of each field: the one behind it in the schema's file. The last entry: the first one.
  std::uint32_t extra = kNoShape;  ///< Of members without a name; kNoShape: there are none.
};

struct Plan {
  std::string type;
  std::uint32_t version = 1;
  std::vector<PlanShape> shapes;
  std::vector<PlanObject> objects;
  std::size_t growth_factor = 1,
              growth_bytes = 0;  ///< Data of n bytes has at most n × factor + bytes in binary.
};

[[nodiscard]] Plan make_plan(const Model& model, Encoding encoding);

/// The field of that raw key with quotes and colon, or fields.size().
[[nodiscard]] std::uint32_t find_field(const PlanObject& object, std::string_view prefix) noexcept;

}  // namespace user_events::schemas
