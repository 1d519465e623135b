// An Avro schema (specification 1.11), parsed. Private to the room.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compatibility/json_text.h"

namespace user_events::compatibility {

enum class AvroKind : std::uint8_t {
  null_type,
  boolean_type,
  int_type,
  long_type,
  float_type,
  double_type,
  bytes_type,
  string_type,
  record,
  enumeration,
  fixed,
  array,
  map,
  union_type,
};

struct AvroType;

struct AvroField {
  std::string name, pointer;
  std::vector<std::string> aliases;
  const AvroType* type = nullptr;
  bool has_default = false;
};

struct AvroType {
  AvroKind kind = AvroKind::null_type;
  std::string pointer;
  std::string name;                  ///< Full name of a record, enumeration or fixed.
  std::vector<std::string> aliases;  ///< Full names.
  std::string logical;               ///< `logicalType`, of a decimal with precision and scale.
  std::vector<AvroField> fields;
  std::vector<std::string> symbols;
  std::optional<std::string> default_symbol;
  std::uint64_t size = 0;                 ///< Of a fixed.
  std::vector<const AvroType*> branches;  ///< Of a union; one of an array or map.
};

/// A whole schema; owns all its types.
class AvroSchema {
 public:
  /// Error as JsonText::parse, and for what breaks the specification: unknown or repeated names, unions in
  /// unions or with two branches alike, defaults that do not fit, symbols or fields given twice.
  [[nodiscard]] static Result<AvroSchema> parse(const Document& document);

  [[nodiscard]] const AvroType& root() const noexcept { return *root_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  friend class AvroParser;
  std::vector<std::unique_ptr<AvroType>> types_;
  const AvroType* root_ = nullptr;
  std::string name_;
};

[[nodiscard]] std::string_view avro_name(AvroKind kind) noexcept;
/// `a.b.C` → `C`.
[[nodiscard]] std::string_view unqualified(std::string_view name) noexcept;

}  // namespace user_events::compatibility
