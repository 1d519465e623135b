// Protobuf binary (protobuf.dev, "Encoding"), fields by ascending number. Private to the room.
#pragma once

#include "schemas/walker.h"

namespace user_events::schemas {

class ProtobufWriter final : public Walker {
 public:
  using Walker::Walker;
  [[nodiscard]] bool run(std::string_view data, std::string& out) override;

 private:
  enum Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kDelimited = 2 };

  void tag(std::uint32_t number, Wire wire) { varint(number << 3U | wire); }
  /// What `write` appends, with its size before it.
  template <class Write>
  bool delimited(std::uint32_t number, Write&& write);

  bool message(const PlanObject& object, std::string_view json, std::size_t depth);
  bool field(const PlanField& field, std::string_view json, std::size_t depth);
  bool single(std::uint32_t number, ProtobufKind kind, const PlanShape& shape, std::string_view json,
              bool presence, std::size_t depth);
  bool scalar(std::uint32_t number, ProtobufKind kind, std::string_view json, bool presence);
  bool string(std::uint32_t number, std::string_view content, bool presence);
  bool timestamp(std::string_view json);
  bool repeated(std::uint32_t number, const PlanShape& item, std::string_view json, std::size_t depth);
  bool packed(std::uint32_t number, ProtobufKind kind, std::string_view json);
  bool entry(std::uint32_t number, const PlanShape& shape, std::string_view key, std::string_view json,
             std::size_t depth);
  bool map(std::uint32_t number, const PlanShape& shape, std::string_view json, std::size_t depth);
  bool extras(const Members& members, const PlanShape& shape, std::size_t depth);
  bool value(std::string_view json, std::size_t depth);

  static const PlanShape kAny;
};

}  // namespace user_events::schemas
