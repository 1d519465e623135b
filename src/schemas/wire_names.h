// Names of fields and types in other languages. For this room and `typings`.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/model.h"

namespace user_events::schemas {

/// `[A-Za-z_][A-Za-z0-9_]*`: a name in Avro.
[[nodiscard]] bool is_identifier(std::string_view name) noexcept;

/// True if the shape is an Avro enum: every symbol is a name in Avro. Otherwise it is a string.
[[nodiscard]] bool is_avro_enum(const Shape& shape) noexcept;

/// One name per field, and last one for the members without a name of their own: the JSON name where that is
/// a name in Avro, otherwise made of it; no two alike.
[[nodiscard]] std::vector<std::string> avro_field_names(const Object& object);

/// The same for Protobuf: `postalCode` → `postal_code`.
[[nodiscard]] std::vector<std::string> protobuf_field_names(const Object& object);

/// What protoc takes for a field's JSON name if none is given: `postal_code` → `postalCode`.
[[nodiscard]] std::string default_json_name(std::string_view protobuf_name);

/// `UserRated` → `user_rated`; letters, digits and `_` only.
[[nodiscard]] std::string snake_case(std::string_view name);

/// Names that are given away at one place.
class Names {
 public:
  void take(const std::string& name) { taken_.insert(name); }
  [[nodiscard]] bool contains(const std::string& name) const { return taken_.contains(name); }
  /// `wanted`, or with the first number from 2 on that nobody has behind it; nobody else gets it. Takes no longer if very many want the same.
  [[nodiscard]] std::string give(const std::string& wanted);

 private:
  std::set<std::string> taken_;
  std::map<std::string, std::uint32_t> next_;  // number to try first, by the name that is wanted
};

}  // namespace user_events::schemas
