// Which types a generated file has, and what they are called. Private to the room.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/model.h"
#include "schemas/wire_names.h"

namespace user_events::typings {

/// How a language names things.
struct Naming {
  std::set<std::string, std::less<>> reserved_types, reserved_fields;  ///< Keywords, and what the file itself defines.
  std::string (*field)(std::string_view json_name);                    ///< An identifier, not yet checked against `reserved_fields`.
};

struct PlannedObject {
  const schemas::Model* model = nullptr;
  const schemas::Object* object = nullptr;
  std::string name;
  std::vector<std::string> fields;  ///< A name for each field, and last one for the members without a name of their own.
};

struct PlannedEvent {
  const schemas::Model* model = nullptr;
  std::string data;   ///< Name of the type of its data: `UserCreated`; of an older version `UserCreatedV1`.
  std::string event;  ///< Name of the type of the whole event: `UserCreatedEvent`.
};

class Plan {
 public:
  /// `models` outlive it; by type, then version.
  Plan(std::span<const schemas::Model> models, const Naming& naming);

  /// Those inside others before them.
  [[nodiscard]] const std::vector<PlannedObject>& objects() const noexcept { return objects_; }
  [[nodiscard]] const std::vector<PlannedEvent>& events() const noexcept { return events_; }
  [[nodiscard]] const std::string& name_of(const schemas::Model& model, std::uint32_t object) const;

 private:
  std::string free_name(const std::string& wanted);
  void name_event(const schemas::Model& model, bool is_newest);
  void add(const schemas::Model& model, std::uint32_t object);
  void add_inside(const schemas::Model& model, const schemas::Shape& shape);
  /// All that decides about a type in the generated file, as text. What is inside has a name already.
  [[nodiscard]] std::string form_of(const schemas::Model& model, const schemas::Shape& shape) const;
  [[nodiscard]] std::string form_of(const schemas::Model& model, const schemas::Object& object) const;
  [[nodiscard]] std::vector<std::string> field_names(const schemas::Object& object) const;

  const Naming& naming_;
  schemas::Names taken_;
  std::vector<PlannedObject> objects_;
  std::vector<PlannedEvent> events_;
  std::map<std::pair<const schemas::Model*, std::uint32_t>, std::string> names_;
  std::map<std::string, std::string> shared_;  ///< By form: the type's name.
};

}  // namespace user_events::typings
