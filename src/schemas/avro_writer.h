// Avro binary (specification 1.11, "Binary Encoding"). Private to the room.
#pragma once

#include "schemas/walker.h"

namespace user_events::schemas {

class AvroWriter final : public Walker {
 public:
  using Walker::Walker;
  [[nodiscard]] bool run(std::string_view data, std::string& out) override;

 private:
  bool record(const PlanObject& object, std::string_view json, std::size_t depth);
  bool field(const PlanField& field, std::string_view json, std::size_t depth);
  bool value(const PlanShape& shape, std::string_view json, std::size_t depth);
  bool plain(const PlanShape& shape, std::string_view json, std::size_t depth);
  bool string(std::string_view json);
  bool text(std::string_view content);
  bool enumeration(const PlanShape& shape, std::string_view json);
  bool array(const PlanShape& item, std::string_view json, std::size_t depth);
  bool map(const PlanShape& value, std::string_view json, std::size_t depth);
  bool extras(const Members& members, const PlanShape& shape, std::size_t depth);
  bool any(std::string_view json, std::size_t depth);
  void end_block(std::size_t at, std::size_t count);

  static const PlanShape kAny;
};

}  // namespace user_events::schemas
