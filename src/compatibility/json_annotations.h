// The catalogue's annotations of two versions: Protobuf numbers, keys, classes of personal data.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "compatibility/json_text.h"

namespace user_events::compatibility {

/// What the annotations say of one field.
struct FieldNote {
  std::int64_t number = 0;  ///< `x-field-number`; 0: none.
  std::string personal, key;
};

/// Every member that some `properties` of the schema names, by its pointer.
[[nodiscard]] std::map<std::string, FieldNote> notes_of(const JsonText& text);

/// `reader` and `writer` are two versions, in either order: appends numbers that changed or were used for
/// something else (errors), keys and classes that changed (warnings). Never fails; linear in both.
void compare_annotations(const JsonText& reader, const JsonText& writer, std::vector<Finding>& findings);

}  // namespace user_events::compatibility
